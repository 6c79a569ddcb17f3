/** The choices of runtimes that were made before, so that a program that works today works tomorrow. */
import * as z from 'zod/mini';
import type { Section } from '../../state/section.ts';

/** Which runtime was chosen for such a wish before, among the same runtimes: then it is chosen again, whatever was measured since. */
export interface FormerChoices {
  get(wish: string): string | undefined;
  set(wish: string, runtime: string): unknown;
}

export const choicesSection: Section<string> = { name: 'choices', entry: z.string(), maxEntries: 64 };

/** What is remembered of a Deno that was tried out. A start reads this file, and nothing else of this folder. */
import * as z from 'zod/mini';
import type { Section } from '../../../state/section.ts';

/** A Deno that held what it promises, and what it took. Nothing is remembered of one that did not. */
const Known = z.object({
  version: z.string(),
  coldMs: z.number(),
  warmMs: z.number(),
  memoryBytes: z.number(),
  /** When it was found out, in milliseconds since the epoch: no later than the latest moment that a date can say. */
  at: z.number().check(z.nonnegative(), z.maximum(8.64e15)),
});
export type Known = Readonly<z.infer<typeof Known>>;

/** By what was tried out, to the byte (see known.ts). */
export const verdictsSection: Section<Known> = { name: 'verdicts', entry: Known, maxEntries: 16 };

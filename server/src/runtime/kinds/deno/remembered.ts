/** The section of the state file for a Deno that was tried out. Every start of the daemon reads this file, but no other one of this folder. */
import * as z from 'zod/mini';
import type { Section } from '../../../state/section.ts';

/** A Deno whose permissions held, and what was measured. Nothing is remembered of one whose permissions did not. */
const Known = z.object({
  version: z.string(),
  coldMs: z.number(),
  warmMs: z.number(),
  memoryBytes: z.number(),
  /** When it was found out, in milliseconds since the epoch. The maximum is the latest time that a Date can hold. */
  at: z.number().check(z.nonnegative(), z.maximum(8.64e15)),
});
export type Known = Readonly<z.infer<typeof Known>>;

/** The name of an entry identifies the file that was tried out (see known.ts). */
export const verdictsSection: Section<Known> = { name: 'verdicts', entry: Known, maxEntries: 16 };

/** One part of what a daemon remembers from run to run. Whoever uses it declares it, and nobody else looks into it. */
import type * as z from 'zod/mini';

export interface Section<E> {
  /** Its key in the file. */
  readonly name: string;
  /** What an entry is. A file that holds anything else is ignored. */
  readonly entry: z.core.$ZodType<E>;
  /** So many entries are kept, the latest ones. */
  readonly maxEntries: number;
}

/** The entries of a section, by their keys. What is set is written to the file in the background. */
export interface Entries<E> extends Iterable<readonly [key: string, entry: E]> {
  get(key: string): E | undefined;
  set(key: string, entry: E): unknown;
}

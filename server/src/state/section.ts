/** A section of what a daemon remembers from run to run. Each section is declared and used by one part of the daemon alone. */
import type * as z from 'zod/mini';

export interface Section<E> {
  /** The key of the section in the file. */
  readonly name: string;
  /** The shape of an entry. If the file contains anything else, the whole file is ignored. */
  readonly entry: z.core.$ZodType<E>;
  /** If there are more entries, the oldest ones are dropped. */
  readonly maxEntries: number;
}

/** The entries of a section, by their keys. An entry that is set is written to the file in the background. */
export interface Entries<E> extends Iterable<readonly [key: string, entry: E]> {
  get(key: string): E | undefined;
  set(key: string, entry: E): unknown;
}

/** Finds the folders of daemons that are dead. Whoever is not surely dead lives. */
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { stateOfLock } from './lock.ts';

export const FOLDER_PREFIX = 'codebeaker-';
const FOLDER_NAME = /^codebeaker-\d+-[0-9a-f]+$/;
/**
 * A folder that nobody on this kernel has locked may belong to a daemon of another machine. It is dead, or has no use for
 * the folder, if it has made nothing in there for this long. A daemon that finds its folder removed makes it again.
 */
const UNUSED_MS = 30 * 24 * 3_600_000;
/** An empty folder is what an interrupted removal leaves. A daemon that has just made its folder locks it at once. */
const EMPTY_MS = 60_000;

/** What is known of a daemon. */
export interface Verdict {
  /** Whether it is surely dead, or can have no use for the folder. */
  readonly dead: boolean;
  /** How that is known, as a sentence. */
  readonly why: string;
}

/** What is known of the daemon whose folder this is. */
export interface Fate extends Verdict {
  /** The name of the folder. */
  readonly name: string;
}

/**
 * Returns the names of the folders beside `own`, which has just been made, that belong to the same user and to a dead
 * daemon. Never rejects.
 */
export async function findStrays(place: string, own: string): Promise<readonly string[]> {
  return (await fatesOf(place, own)).filter(({ dead }) => dead).map(({ name }) => name);
}

/** What is known of the daemons of the same user whose folders are beside `own`, which has just been made. Never rejects. */
export async function fatesOf(place: string, own: string): Promise<readonly Fate[]> {
  const names = await readdir(place).catch(() => []);
  const ours = await lstat(join(place, own)).catch(() => undefined);
  const fates: Fate[] = [];
  // One after the other, because each takes a descriptor.
  for (const name of names) {
    const fate = ours && name !== own && FOLDER_NAME.test(name) ? await fateOf(join(place, name), ours) : undefined;
    if (fate) fates.push({ name, ...fate });
  }
  return fates;
}

/** `ours.mtimeMs` is the time by the clock of the file system, which may be on another machine. undefined: it is another user's, or no folder. */
async function fateOf(folder: string, ours: { readonly uid: number; readonly mtimeMs: number }): Promise<Verdict | undefined> {
  const status = await lstat(folder).catch(() => undefined);
  if (!status?.isDirectory() || status.uid !== ours.uid) return undefined;
  const lock = await stateOfLock(folder);
  if (lock === 'held') return { dead: false, why: 'its daemon lives' };
  if (lock === 'released') return { dead: true, why: 'its daemon has died' };
  const isEmpty = await readdir(folder).then(({ length }) => length === 0, () => false);
  const age = ours.mtimeMs - status.mtimeMs;
  if (isEmpty && age > EMPTY_MS) return { dead: true, why: 'it is empty, and no daemon has it' };
  if (age > UNUSED_MS) return { dead: true, why: 'no daemon of this machine has it, and nothing was made in it for 30 days' };
  return { dead: false, why: 'no daemon of this machine has it, but one of another machine may; it is removed when nothing was made in it for 30 days' };
}

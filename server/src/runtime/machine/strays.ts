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

/**
 * Returns the names of the folders beside `own`, which has just been made, that belong to the same user and to a dead
 * daemon. Never rejects.
 */
export async function findStrays(place: string, own: string): Promise<readonly string[]> {
  const names = await readdir(place).catch(() => []);
  const ours = await lstat(join(place, own)).catch(() => undefined);
  const strays: string[] = [];
  // One after the other, because each takes a descriptor.
  for (const name of names) if (ours && name !== own && FOLDER_NAME.test(name) && (await isStray(join(place, name), ours))) strays.push(name);
  return strays;
}

/** `ours.mtimeMs` is the time by the clock of the file system, which may be on another machine. */
async function isStray(folder: string, ours: { readonly uid: number; readonly mtimeMs: number }): Promise<boolean> {
  const status = await lstat(folder).catch(() => undefined);
  if (!status?.isDirectory() || status.uid !== ours.uid) return false;
  const lock = await stateOfLock(folder);
  if (lock !== 'absent') return lock === 'released';
  const isEmpty = await readdir(folder).then(({ length }) => length === 0, () => false);
  return ours.mtimeMs - status.mtimeMs > (isEmpty ? EMPTY_MS : UNUSED_MS);
}

/** Folders on this machine's disk, looked at as the daemon does when it copies them: regular files and folders, no links. */
import { constants, type Dirent } from 'node:fs';
import { lstat, open, opendir, readdir } from 'node:fs/promises';
import { join, posix } from 'node:path';
import type { Clock } from '../base/clock.ts';
import type { Listing } from './listing.ts';

export interface Content {
  readonly bytes: Buffer;
  readonly executable: boolean;
}

export interface Disk {
  /** @returns undefined where the folder holds too much. What can't be read is left out. */
  list(root: string): Promise<Listing | undefined>;
  /** Whether nothing but this file is in the folder. */
  isAlone(root: string, name: string): Promise<boolean>;
  /** The start of a regular file, of so many bytes at the most. @throws what reading throws */
  read(path: string, maxBytes: number): Promise<Content>;
}

/** A folder of more is not worth looking through. */
const MAX_ENTRIES = 5_000;
/** More is not held in memory for a run that may never come. */
const MAX_BYTES = 64 * 1024 * 1024;
/** A file can change twice within one tick of its file system's clock, and look the same. */
const TICK_MS = 100;

export function createDisk(clock: Clock): Disk {
  return {
    list: (root) => list(root, clock.now() - TICK_MS),
    async isAlone(root, name) {
      try {
        for await (const entry of await opendir(root)) if (entry.name !== name) return false;
        return true;
      } catch {
        return false;
      }
    },
    async read(path, maxBytes) {
      const file = await open(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0));
      try {
        const { size, mode } = await file.stat();
        const { buffer, bytesRead } = await file.read(Buffer.alloc(Math.min(size, maxBytes)), 0);
        return { bytes: buffer.subarray(0, bytesRead), executable: (mode & 0o111) !== 0 };
      } finally {
        await file.close();
      }
    },
  };
}

async function list(root: string, youngSince: number): Promise<Listing | undefined> {
  const files = new Map<string, string | undefined>();
  const folders = new Set<string>();
  let entries = 0;
  let bytes = 0;

  const addFile = async (path: string) => {
    const found = await lstat(join(root, path), { bigint: true }).catch(() => undefined);
    if (!found?.isFile()) return;
    const { ino, size, mtimeNs, ctimeNs, mode, mtimeMs, ctimeMs } = found;
    bytes += Number(size);
    const young = Math.max(Number(mtimeMs), Number(ctimeMs)) > youngSince;
    files.set(path, young ? undefined : [ino, size, mtimeNs, ctimeNs, mode].join(' '));
  };
  const addFolder = async (path: string): Promise<void> => {
    const found = await readdir(join(root, path), { withFileTypes: true }).catch((): Dirent[] => []);
    entries += found.length;
    if (entries > MAX_ENTRIES || bytes > MAX_BYTES) return;
    const below = ({ name }: Dirent) => posix.join(path, name);
    await Promise.all(found.filter((entry) => entry.isFile()).map((entry) => addFile(below(entry))));
    for (const folder of found.filter((entry) => entry.isDirectory()).map(below)) {
      folders.add(folder);
      await addFolder(folder);
    }
  };
  await addFolder('');
  return entries > MAX_ENTRIES || bytes > MAX_BYTES ? undefined : { files, folders };
}

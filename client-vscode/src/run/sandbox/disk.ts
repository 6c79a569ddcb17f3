/** Reads folders of this machine's disk the way the daemon copies them: regular files and folders, no symbolic links. */
import { constants, type Dirent } from 'node:fs';
import { lstat, open, opendir, readdir } from 'node:fs/promises';
import { join, posix } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import type { FolderSnapshot } from './snapshot.ts';

export interface FileStart {
  readonly bytes: Buffer;
  readonly executable: boolean;
}

export interface FileStamp {
  readonly size: number;
  readonly mtimeMs: number;
}

export interface Disk {
  /** Leaves out what cannot be read. @returns undefined if the folder holds too much */
  snapshot(root: string): Promise<FolderSnapshot | undefined>;
  /** The names of what is in the folder `path` below `root`. None if it cannot be read. */
  names(root: string, path: string): Promise<ReadonlySet<string>>;
  /** Undefined if it is no regular file. */
  stat(root: string, path: string): Promise<FileStamp | undefined>;
  /** Whether the folder holds nothing but this file. */
  isOnlyEntry(root: string, name: string): Promise<boolean>;
  /** Reads at most `maxBytes` from the start of a regular file. @throws what reading throws */
  readStart(path: string, maxBytes: number): Promise<FileStart>;
}

/** Larger folders are not walked: that would take longer than it saves. */
const MAX_ENTRIES = 5_000;
/** Larger folders are not copied in advance, for a run that may never come. */
const MAX_BYTES = 64 * 1024 * 1024;
/** A file that changes twice within this time can keep the same time stamps, because file systems have coarse clocks. */
const CLOCK_TICK_MS = 100;

export function createDisk(clock: Clock): Disk {
  return {
    snapshot: (root) => takeSnapshot(root, clock.now() - CLOCK_TICK_MS),
    names: async (root, path) => new Set(await readdir(join(root, path)).catch(() => [])),
    async stat(root, path) {
      const stats = await lstat(join(root, path)).catch(() => undefined);
      return stats?.isFile() ? { size: stats.size, mtimeMs: stats.mtimeMs } : undefined;
    },
    async isOnlyEntry(root, name) {
      try {
        for await (const entry of await opendir(root)) if (entry.name !== name) return false;
        return true;
      } catch {
        return false;
      }
    },
    async readStart(path, maxBytes) {
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

async function takeSnapshot(root: string, recentSince: number): Promise<FolderSnapshot | undefined> {
  const files = new Map<string, string | undefined>();
  const folders = new Set<string>();
  let entries = 0;
  let bytes = 0;

  const addFile = async (path: string) => {
    const stats = await lstat(join(root, path), { bigint: true }).catch(() => undefined);
    if (!stats?.isFile()) return;
    const { ino, size, mtimeNs, ctimeNs, mode, mtimeMs, ctimeMs } = stats;
    bytes += Number(size);
    const recent = Math.max(Number(mtimeMs), Number(ctimeMs)) > recentSince;
    files.set(path, recent ? undefined : [ino, size, mtimeNs, ctimeNs, mode].join(' '));
  };
  const addFolder = async (path: string): Promise<void> => {
    const children = await readdir(join(root, path), { withFileTypes: true }).catch((): Dirent[] => []);
    entries += children.length;
    if (entries > MAX_ENTRIES || bytes > MAX_BYTES) return;
    const pathOf = ({ name }: Dirent) => posix.join(path, name);
    await Promise.all(children.filter((child) => child.isFile()).map((child) => addFile(pathOf(child))));
    for (const folder of children.filter((child) => child.isDirectory()).map(pathOf)) {
      folders.add(folder);
      await addFolder(folder);
    }
  };
  await addFolder('');
  return entries > MAX_ENTRIES || bytes > MAX_BYTES ? undefined : { files, folders };
}

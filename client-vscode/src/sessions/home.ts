/**
 * Writes files of a sandbox into a folder of this machine. The names come from a program that nobody trusts, so nothing is
 * written outside of the folder, through a symbolic link, over anything but a regular file, or into `.git`, whose hooks run.
 */
import type { Stats } from 'node:fs';
import { lstat, mkdir, mkdtemp, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';

export type Refusal = 'outside' | 'git' | 'throughLink' | 'notFile' | 'holes' | 'name';

/** Thrown for a file that is not written. */
export class Refused extends Error {
  constructor(readonly why: Refusal) {
    super(why);
  }
}

export interface Target {
  /** Absolute, on this machine. */
  readonly path: string;
  /** When the file that is there now was written; undefined if there is none. */
  readonly mtimeMs: number | undefined;
}

/** Where a file would be written, with what is there now. @param path below the folder, POSIX @throws Refused */
export async function targetIn(folder: string, path: string): Promise<Target> {
  // The daemon writes bytes that are not UTF-8 so.
  if (/[\u{10fe80}-\u{10feff}]/u.test(path)) throw new Refused('name');
  const parts = path.split('/');
  const bad = parts.some((part) => part === '' || part === '.' || part === '..' || part.includes('\0') || (sep === '\\' && /[\\:]/.test(part)));
  const target = resolve(folder, ...parts);
  const below = relative(folder, target);
  if (bad || below === '' || below.split(sep)[0] === '..' || isAbsolute(below)) throw new Refused('outside');
  if (parts.some(isGit)) throw new Refused('git');
  for (let count = 1; count < parts.length; count += 1) {
    const stats = await statsOf(join(folder, ...parts.slice(0, count)));
    if (stats && !stats.isDirectory()) throw new Refused('throughLink');
  }
  const stats = await statsOf(target);
  if (stats && !stats.isFile()) throw new Refused('notFile');
  return { path: target, mtimeMs: stats?.mtimeMs };
}

/**
 * Whether a file system may take the name for `.git`: some leave out characters that are not seen, Windows leaves out dots
 * and spaces at the end and what comes after a colon, and gives `.git` a short name.
 */
function isGit(name: string): boolean {
  return /^(?:\.git|git~\d+)[. ]*(?::|$)/i.test(name.replaceAll(/\P{ASCII}/gu, ''));
}

/** Writes the file beside its place first, so that it is never there in part. @throws Refused, and what reading and writing throw */
export async function writeHome(folder: string, path: string, pieces: AsyncIterable<{ readonly bytes: Buffer }>): Promise<void> {
  const { path: target } = await targetIn(folder, path);
  await mkdir(dirname(target), { recursive: true });
  const beside = await mkdtemp(join(dirname(target), '.codebeaker-'));
  try {
    const part = join(beside, basename(target));
    const mode = (await statsOf(target))?.mode;
    const file = await open(part, 'wx', mode ?? 0o666);
    try {
      // A file that is replaced keeps its permissions.
      if (mode !== undefined) await file.chmod(mode & 0o777);
      for await (const { bytes } of pieces) await file.writeFile(bytes);
    } finally {
      await file.close();
    }
    // A link that somebody has put there meanwhile is replaced and not followed.
    await rename(part, target);
  } finally {
    await rm(beside, { recursive: true, force: true });
  }
}

async function statsOf(path: string): Promise<Stats | undefined> {
  try {
    return await lstat(path);
  } catch (fault) {
    if ((fault as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw fault;
  }
}

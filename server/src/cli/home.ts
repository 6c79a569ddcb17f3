/**
 * Writes files of a sandbox into a folder of this machine. The names come from a program that nobody trusts, so nothing is
 * written outside of the folder, through a symbolic link, over anything but a regular file, or into `.git`, whose hooks run.
 */
import type { Stats } from 'node:fs';
import { lstat, mkdir, mkdtemp, open, realpath, rename, rm } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { errorCode } from '../runtime/machine/faults.ts';
import { type Held, lend, type Walker } from '../runtime/machine/walk.ts';
import type { Original } from './send.ts';

/** The file is not written. The message says why. */
export class NotSaved extends Error {}

export interface Incoming {
  /** Where it goes, below the folder, POSIX. */
  readonly path: string;
  /** The file of this machine of which the sandbox had a copy; that one is replaced, as long as it is still the same. */
  readonly original: Original | undefined;
  pieces(): AsyncIterable<Buffer>;
}

/** @param folder absolute; it exists @throws NotSaved, and what reading and writing throw */
export async function writeHome(walker: Walker, folder: string, file: Incoming, replace: boolean): Promise<void> {
  const names = namesOf(file.path);
  const name = names.pop() as string;
  await lend(enter(walker, await walker.open(await realpath(folder)), names), (parent) => put(parent, name, file, replace));
}

/** The names on the way to a file. */
function namesOf(path: string): string[] {
  // The daemon writes bytes that are not UTF-8 so.
  if (/[\u{10fe80}-\u{10feff}]/u.test(path)) throw new NotSaved('its name is not UTF-8');
  const names = path.split('/');
  if (names.some((name) => name === '' || name === '.' || name === '..' || name.includes('\0') || (sep === '\\' && /[\\:]/.test(name)))) throw new NotSaved('it would be outside of the folder');
  if (names.some(isGit)) throw new NotSaved('nothing is written into .git, because Git runs programs from there');
  return names;
}

/**
 * Whether a file system may take the name for `.git`: some leave out characters that are not seen, Windows leaves out dots
 * and spaces at the end and what comes after a colon, and gives `.git` a short name.
 */
function isGit(name: string): boolean {
  return /^(?:\.git|git~\d+)[. ]*(?::|$)/i.test(name.replaceAll(/\P{ASCII}/gu, ''));
}

/** The folder below `directory`, which is made where it is missing. */
async function enter(walker: Walker, directory: Held, [name, ...more]: readonly string[]): Promise<Held> {
  if (name === undefined) return directory;
  const below = await lend(directory, async (parent) => {
    await mkdir(parent.at(name)).catch((fault: unknown) => {
      if (errorCode(fault) !== 'EEXIST') throw fault;
    });
    return walker.enter(parent, name).catch((fault: unknown) => {
      throw ['ELOOP', 'ENOTDIR'].includes(errorCode(fault)) ? new NotSaved('a folder on its way there is a link or a file') : fault;
    });
  });
  return enter(walker, below, more);
}

/** Writes the file beside its place first, so that it is never there in part. */
async function put(parent: Held, name: string, { original, pieces }: Incoming, replace: boolean): Promise<void> {
  const target = parent.at(name) as string;
  const mode = await modeFor(target, original, replace);
  const beside = await mkdtemp(parent.at('.codebeaker-') as string);
  try {
    const part = join(beside, 'part');
    const file = await open(part, 'wx', mode ?? 0o666);
    try {
      if (mode !== undefined) await file.chmod(mode);
      for await (const piece of pieces()) await file.writeFile(piece);
    } finally {
      await file.close();
    }
    // It may have changed while the file was read.
    await modeFor(target, original, replace);
    // A link that somebody has put there meanwhile is replaced and not followed.
    await rename(part, target);
  } finally {
    await rm(beside, { recursive: true, force: true });
  }
}

/** The permissions of the file that is replaced, which stay. undefined: there is none. @throws NotSaved if it must not be replaced */
async function modeFor(target: string, original: Original | undefined, replace: boolean): Promise<number | undefined> {
  const there = await statsOf(target);
  if (!there) return undefined;
  if (!there.isFile()) throw new NotSaved('in its place there is a link, a folder or a device');
  if (!replace && !(original && isSame(there, original))) throw new NotSaved('your folder has a file of this name that is newer or not what the program began with; --replace replaces it');
  return there.mode & 0o777;
}

function isSame(there: Stats, original: Original): boolean {
  return (['dev', 'ino', 'size', 'mtimeMs'] as const).every((field) => there[field] === original[field]);
}

async function statsOf(path: string): Promise<Stats | undefined> {
  try {
    return await lstat(path);
  } catch (fault) {
    if (errorCode(fault) === 'ENOENT') return undefined;
    throw fault;
  }
}

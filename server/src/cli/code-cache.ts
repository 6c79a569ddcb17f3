/**
 * A cache of the code that V8 has compiled, for the next start. V8 does not check it, so it is read only if nobody else can
 * write the file, and only if the file is undamaged: it contains the code twice, because comparing two halves is faster
 * than computing a checksum. If the cache cannot be used, the start takes a few milliseconds longer.
 */
import { closeSync, constants, fstatSync, openSync, readdirSync, readFileSync, renameSync, rmSync, type Stats, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { makeFolders } from '../base/folders.ts';

/** What others may never do: anything with the file, and writing in its folder. Many systems make folders that others can read. */
const FILE_OF_OTHERS = 0o077;
const FOLDER_OF_OTHERS = 0o022;
/** A file that was not written for this long belongs to an old version. */
const STALE_MS = 30 * 24 * 3_600_000;

/** Returns undefined if there is no code, or if it cannot be trusted. `uid` is -1 if the operating system has no user ids. */
export function readCode(path: string, uid: number): Buffer | undefined {
  try {
    const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | (constants.O_NOFOLLOW ?? 0));
    try {
      const isOwn = ({ uid: owner, mode }: Stats, others: number) => owner === uid && (mode & others) === 0;
      if (uid >= 0 && !(isOwn(statSync(dirname(path)), FOLDER_OF_OTHERS) && isOwn(fstatSync(file), FILE_OF_OTHERS))) return undefined;
      const bytes = readFileSync(file);
      const code = bytes.subarray(bytes.length / 2);
      return bytes.subarray(0, code.length).equals(code) ? code : undefined;
    } finally {
      closeSync(file);
    }
  } catch {
    return undefined;
  }
}

/** Replaces the file in one step. Never throws: without the file, the next start is only slower. */
export function writeCode(path: string, code: Buffer, { pid, now }: { readonly pid: number; readonly now: number }): void {
  const folder = dirname(path);
  const temporary = `${path}.${pid}`;
  try {
    makeFolders(folder, 0o700);
    try {
      writeFileSync(temporary, Buffer.concat([code, code]), { flag: 'wx', mode: 0o600 });
      renameSync(temporary, path);
    } finally {
      rmSync(temporary, { force: true });
    }
    removeStale(folder, basename(path), now);
  } catch {
    // The next start is as slow as this one.
  }
}

function removeStale(folder: string, kept: string, now: number): void {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (name !== kept && now - statSync(path).mtimeMs > STALE_MS) rmSync(path, { force: true });
  }
}

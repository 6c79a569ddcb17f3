/**
 * What V8 made of our code, kept for the next start. V8 takes it on trust, so it is read only where nobody else can
 * write, and only whole: it stands in its file twice, because no sum is made as fast as two halves are compared.
 * Whatever is wrong with it costs a few milliseconds and nothing else.
 */
import { closeSync, constants, fstatSync, mkdirSync, openSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

const OF_OTHERS = 0o077;
/** What has not been written for so long belongs to a version that is gone. */
const STALE_MS = 30 * 24 * 3_600_000;

/** undefined: there is none, or none that can be trusted. `uid` -1: the system does not tell. */
export function readCode(path: string, uid: number): Buffer | undefined {
  try {
    const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | (constants.O_NOFOLLOW ?? 0));
    try {
      const owners = [statSync(dirname(path)), fstatSync(file)];
      if (uid >= 0 && owners.some((each) => each.uid !== uid || (each.mode & OF_OTHERS) !== 0)) return undefined;
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

/** Replaces it in one step. Never throws: where nothing can be written there is nothing to read. */
export function writeCode(path: string, code: Buffer, { pid, now }: { readonly pid: number; readonly now: number }): void {
  const folder = dirname(path);
  const temporary = `${path}.${pid}`;
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    try {
      writeFileSync(temporary, Buffer.concat([code, code]), { flag: 'wx', mode: 0o600 });
      renameSync(temporary, path);
    } finally {
      rmSync(temporary, { force: true });
    }
    removeStale(folder, basename(path), now);
  } catch {
    // The next start is no faster than this one.
  }
}

function removeStale(folder: string, kept: string, now: number): void {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (name !== kept && now - statSync(path).mtimeMs > STALE_MS) rmSync(path, { force: true });
  }
}

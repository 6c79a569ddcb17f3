/** A small JSON file that several daemons may read and replace at the same time. It is whole, or it is not there. */
import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { basename, dirname, join } from 'node:path';

/** What is larger is none of ours. */
const MAX_FILE_BYTES = 1024 * 1024;
/** A temporary file that is older belongs to nobody any more. */
const STALE_MS = 3_600_000;
const WRITABLE_BY_OTHERS = 0o022;

/** undefined: not there, or not to be trusted. */
export async function readState(path: string): Promise<unknown> {
  try {
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK | (constants.O_NOFOLLOW ?? 0));
    try {
      const status = await file.stat();
      const { uid } = userInfo();
      const ours = uid < 0 || (status.uid === uid && (status.mode & WRITABLE_BY_OTHERS) === 0);
      if (!status.isFile() || status.size > MAX_FILE_BYTES || !ours) return undefined;
      return JSON.parse(await file.readFile('utf8')) as unknown;
    } finally {
      await file.close();
    }
  } catch {
    return undefined;
  }
}

/** Replaces it in one step. @throws where the folder can't be written */
export async function writeState(path: string, value: unknown, now: number): Promise<void> {
  const folder = dirname(path);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    const file = await open(temporary, 'wx', 0o600);
    try {
      await file.writeFile(`${JSON.stringify(value)}\n`);
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (fault) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw fault;
  }
  await removeStale(folder, basename(path), now).catch(() => undefined);
}

/** What daemons left that died while they wrote. */
async function removeStale(folder: string, name: string, now: number): Promise<void> {
  for (const entry of await readdir(folder)) {
    if (!entry.startsWith(`${name}.`) || !entry.endsWith('.tmp')) continue;
    const path = join(folder, entry);
    const { mtimeMs } = await stat(path);
    if (now - mtimeMs > STALE_MS) await rm(path, { force: true });
  }
}

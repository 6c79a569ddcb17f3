/** Replaces a file of the state folder, which other daemons may read and replace at the same time. */
import { randomBytes } from 'node:crypto';
import { open, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { makeFolders } from '../base/folders.ts';

/** A temporary file that is older than this was left behind by a daemon that died. */
const STALE_MS = 3_600_000;

/** @throws if the folder cannot be written */
export function writeState(path: string, value: unknown, now: number): Promise<void> {
  return writeText(path, `${JSON.stringify(value)}\n`, now);
}

/**
 * Replaces the file in one step, so that a reader sees either the old content or the new.
 * @throws if the folder cannot be written
 */
export async function writeText(path: string, text: string, now: number): Promise<void> {
  const folder = dirname(path);
  makeFolders(folder, 0o700);
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    const file = await open(temporary, 'wx', 0o600);
    try {
      await file.writeFile(text);
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

/** Removes the temporary files of daemons that died while they wrote. */
async function removeStale(folder: string, name: string, now: number): Promise<void> {
  for (const entry of await readdir(folder)) {
    if (!entry.startsWith(`${name}.`) || !entry.endsWith('.tmp')) continue;
    const path = join(folder, entry);
    const { mtimeMs } = await stat(path);
    if (now - mtimeMs > STALE_MS) await rm(path, { force: true });
  }
}

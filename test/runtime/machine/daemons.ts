/** Folders such as daemons make: of one that lives, of one that is dead, of one that may be on another machine. */
import { mkdir, realpath } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { holdLock } from '../../../server/src/runtime/machine/lock.ts';

/** No process of this machine has this id. What tells that a daemon lives is not its process id. */
const NOBODY = 2_000_000_000;

export interface DaemonFolder {
  readonly path: string;
  readonly name: string;
  /** The daemon dies. */
  release(): void;
}

export async function daemonFolder(locked: boolean): Promise<DaemonFolder> {
  const name = `codebeaker-${NOBODY}-${randomBytes(6).toString('hex')}`;
  const path = join(await realpath(tmpdir()), name);
  await mkdir(path, { mode: 0o700 });
  return { path, name, release: locked ? await holdLock(path) : () => undefined };
}

/** Resolves with the name of the folder. */
export async function deadDaemon(): Promise<DaemonFolder> {
  const folder = await daemonFolder(true);
  folder.release();
  return folder;
}

/** Host folders in sandboxes. */
import { stat } from 'node:fs/promises';
import { platform } from 'node:os';
import { lend } from '../machine/walk.ts';
import type { Sandbox } from '../ports.ts';
import { folderChanged, holdFolder } from './folder.ts';
import { capture } from './transfer.ts';

/** In no system the owner of anything. */
export const NOBODY = 65_534;

/** What a folder is, whatever it is called. */
export interface Identity {
  readonly dev: number;
  readonly ino: number;
  readonly uid: number;
  readonly gid: number;
}

/** @throws ProtocolError SandboxFailed */
export function identify(path: string): Promise<Identity> {
  return lend(holdFolder(path), ({ self }) => stat(self));
}

/** Whom a sandbox runs as: the owner of the folder that is shared with it, so that it can read and write it; never root, nor in root's group. */
export function sandboxUser(folder: Pick<Identity, 'uid' | 'gid'> | undefined): { readonly uid: number; readonly gid: number } {
  if (!folder || folder.uid === 0) return { uid: NOBODY, gid: NOBODY };
  return { uid: folder.uid, gid: folder.gid === 0 ? NOBODY : folder.gid };
}

/**
 * Mounts are made by path, and whoever can write above the path could have put a link there meanwhile:
 * what was mounted must be the very folder that was allowed. Where the engine runs in a machine of its own, the
 * numbers inside are others, and the host's path is all that can be looked at again.
 * @throws ProtocolError SandboxFailed
 */
export async function checkMount(path: string, allowed: Identity, sandbox: Sandbox, os = platform()): Promise<void> {
  if (os === 'linux') {
    const found = (await capture(sandbox, ['stat', '-c', '%d %i', '/workspace'])).trim();
    if (found !== `${allowed.dev} ${allowed.ino}`) throw folderChanged();
    return;
  }
  const { dev, ino } = await identify(path);
  if (dev !== allowed.dev || ino !== allowed.ino) throw folderChanged();
}

/** Host folders in containers. */
import { stat } from 'node:fs/promises';
import { platform } from 'node:os';
import { lend } from '../host/walk.ts';
import type { Sandbox } from '../ports.ts';
import { folderChanged, holdFolder } from '../shell/folder.ts';
import { capture } from '../shell/transfer.ts';
import { NOBODY } from './container.ts';

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

/** The sandbox runs as the folder's owner, so that it can read and write it; never as root, nor in root's group. */
export function folderOwner({ uid, gid }: Pick<Identity, 'uid' | 'gid'>): string | undefined {
  return uid === 0 ? undefined : `${uid}:${gid === 0 ? NOBODY : gid}`;
}

/**
 * The engine mounts by path, and whoever can write above the path could have put a link there meanwhile:
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

/** Host folders in containers. */
import type { Stats } from 'node:fs';
import { lstat } from 'node:fs/promises';
import { ProtocolError } from '../../protocol/index.ts';
import type { Sandbox } from '../ports.ts';
import { capture } from '../shell/transfer.ts';

/** The sandbox runs as the folder's owner, so that it can read and write it; never as root. */
export function folderOwner({ uid, gid }: Stats): string | undefined {
  return uid === 0 ? undefined : `${uid}:${gid}`;
}

/**
 * The engine mounts by path, and whoever can write above the path could have put a link there meanwhile:
 * what was mounted must be the very folder that was allowed.
 * @throws ProtocolError SandboxFailed
 */
export async function checkMount(path: string, sandbox: Sandbox): Promise<void> {
  const { dev, ino } = await lstat(path);
  const found = (await capture(sandbox, ['stat', '-c', '%d %i', '/workspace'])).trim();
  if (found !== `${dev} ${ino}`) {
    throw new ProtocolError('SandboxFailed', 'the shared folder changed while the sandbox was made; try again');
  }
}

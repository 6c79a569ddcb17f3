/** Folders of the host that a client was allowed to share. What was allowed is a real path, without links: before the folder is used, that must still be so. */
import { readlink, realpath, stat } from 'node:fs/promises';
import { platform } from 'node:os';
import { undoing } from '../../base/undo.ts';
import { ProtocolError } from '../../protocol/index.ts';
import { type Held, lend, walkerFor } from '../machine/walk.ts';
import type { SharedFolder } from '../ports.ts';

/** Tells a folder from all others, whatever its path is. */
export interface Identity {
  readonly dev: number;
  readonly ino: number;
  readonly uid: number;
  readonly gid: number;
}

/** The folder that is to be mounted. undefined: none is shared, or it is copied. */
export function mountOf(workspace: SharedFolder | undefined): SharedFolder | undefined {
  return workspace?.access === 'copy' ? undefined : workspace;
}

/**
 * Opens the folder at the real path `path`. Whatever happens to the path later, the result is this folder.
 * @throws ProtocolError SandboxFailed where a link is in the path now, or there is no folder
 */
export function holdFolder(path: string): Promise<Held> {
  return undoing(async (undo) => {
    const held = await walkerFor(platform()).open(path).catch(() => undefined);
    if (!held) throw folderChanged();
    undo.add(() => held.close());
    const real = await readlink(held.self).catch(() => realpath(held.self)).catch(() => undefined);
    if (real !== path) throw folderChanged();
    return held;
  });
}

/** As `holdFolder`. */
export function identify(path: string): Promise<Identity> {
  return lend(holdFolder(path), ({ self }) => stat(self));
}

export function folderChanged(): ProtocolError {
  return new ProtocolError('SandboxFailed', 'the shared folder was moved or replaced while the sandbox was made; try again');
}

export function folderTooLarge(): ProtocolError {
  return new ProtocolError('DiskFull', 'the folder is larger than the disk limit of the session: raise limits.diskBytes, or share the folder instead of copying it');
}

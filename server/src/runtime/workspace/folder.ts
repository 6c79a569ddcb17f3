/** Folders of the host that a client was allowed to give. What was allowed is a real path: whatever is there by now must still be it. */
import { readlink, realpath, stat } from 'node:fs/promises';
import { platform } from 'node:os';
import { undoing } from '../../base/undo.ts';
import { ProtocolError } from '../../protocol/index.ts';
import { type Held, lend, walkerFor } from '../machine/walk.ts';
import type { SharedFolder } from '../ports.ts';

/** What a folder is, whatever it is called. */
export interface Identity {
  readonly dev: number;
  readonly ino: number;
  readonly uid: number;
  readonly gid: number;
}

/** A folder that stays where it is and is seen in the sandbox; undefined where there is none, or a copy of one. */
export function mountOf(workspace: SharedFolder | undefined): SharedFolder | undefined {
  return workspace?.access === 'copy' ? undefined : workspace;
}

/**
 * The folder, held: it stays the same, whatever its path leads to later.
 * @throws ProtocolError SandboxFailed where the path leads elsewhere than when it was allowed
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

/** @throws ProtocolError SandboxFailed */
export function identify(path: string): Promise<Identity> {
  return lend(holdFolder(path), ({ self }) => stat(self));
}

export function folderChanged(): ProtocolError {
  return new ProtocolError('SandboxFailed', 'the shared folder changed while the sandbox was made; try again');
}

export function folderTooLarge(): ProtocolError {
  return new ProtocolError('DiskFull', 'the folder is larger than the disk limit of the session: raise limits.diskBytes, or share it instead');
}

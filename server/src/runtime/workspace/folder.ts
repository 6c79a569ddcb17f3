/** Folders of the host that a client was allowed to give. What was allowed is a real path: whatever is there by now must still be it. */
import { readlink, realpath } from 'node:fs/promises';
import { platform } from 'node:os';
import { ProtocolError } from '../../protocol/index.ts';
import { type Held, walkerFor } from '../machine/walk.ts';

/**
 * The folder, held: it stays the same, whatever its path leads to later.
 * @throws ProtocolError SandboxFailed where the path leads elsewhere than when it was allowed
 */
export async function holdFolder(path: string): Promise<Held> {
  const held = await walkerFor(platform()).open(path).catch(() => undefined);
  if (!held) throw folderChanged();
  const { self } = held;
  const real = await readlink(self).catch(() => realpath(self)).catch(() => undefined);
  if (real === path) return held;
  await held.close();
  throw folderChanged();
}

export function folderChanged(): ProtocolError {
  return new ProtocolError('SandboxFailed', 'the shared folder changed while the sandbox was made; try again');
}

/** Copies a folder into a sandbox that is itself a folder of the host. */
import { copyTree } from '../machine/copy.ts';
import { fileError } from '../machine/faults.ts';
import { lend, type Walker } from '../machine/walk.ts';
import type { CreateContext } from '../ports.ts';
import { folderTooLarge } from './folder.ts';

/**
 * Copies the regular files and directories in `path` into the directory `target`, both of them on the host.
 * @throws ProtocolError DiskFull where they have more than `maxBytes`; the errors of file commands, with /workspace as the path
 */
export async function copyHere(path: string, target: string, maxBytes: number, walker: Walker, { signal, report }: CreateContext): Promise<void> {
  report('copying the folder');
  let left = maxBytes;
  const spend = (bytes: number) => {
    signal.throwIfAborted();
    left -= bytes;
    if (left < 0) throw folderTooLarge();
  };
  try {
    await lend(walker.open(path), (from) =>
      lend(walker.open(target), (to) => copyTree(from, to, { walker, recursive: true, overwrite: true, spend })),
    );
  } catch (fault) {
    signal.throwIfAborted();
    throw fileError(fault, '/workspace');
  }
}

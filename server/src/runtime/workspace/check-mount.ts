/** Checks that what was mounted in a sandbox is the folder that the client was allowed to share. */
import { platform } from 'node:os';
import type { Receiving } from '../agent/index.ts';
import { folderChanged, identify, type Identity } from './folder.ts';

/**
 * A mount is made by path, and whoever can write to a parent folder could have put a link into that path meanwhile. So
 * the device and inode of /workspace are compared with those of the allowed folder. On systems other than Linux, sandboxes
 * run in a virtual machine in which these numbers are different: there the path on the host is looked at once more.
 * @throws ProtocolError SandboxFailed
 */
export async function checkMount(path: string, allowed: Pick<Identity, 'dev' | 'ino'>, sandbox: Receiving, os = platform()): Promise<void> {
  if (os === 'linux') {
    const seen = await sandbox.files.status('/workspace');
    if (seen.dev !== BigInt(allowed.dev) || seen.ino !== BigInt(allowed.ino)) throw folderChanged();
    return;
  }
  const { dev, ino } = await identify(path);
  if (dev !== allowed.dev || ino !== allowed.ino) throw folderChanged();
}

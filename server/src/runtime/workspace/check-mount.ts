/** Checks that what was mounted in a sandbox is the folder that the client was allowed to share. */
import { platform } from 'node:os';
import { Collector } from '../machine/collector.ts';
import type { Sandbox } from '../ports.ts';
import { folderChanged, identify, type Identity } from './folder.ts';

/** `stat` prints two numbers. */
const MAX_ANSWER_BYTES = 1024;

/**
 * A mount is made by path, and whoever can write to a parent folder could have put a link into that path meanwhile. So
 * the device and inode of /workspace are compared with those of the allowed folder. On systems other than Linux, sandboxes
 * run in a virtual machine in which these numbers are different: there the path on the host is looked at once more.
 * @throws ProtocolError SandboxFailed
 */
export async function checkMount(path: string, allowed: Pick<Identity, 'dev' | 'ino'>, sandbox: Sandbox, os = platform()): Promise<void> {
  if (os === 'linux') {
    if ((await seenInside(sandbox)) !== `${allowed.dev} ${allowed.ino}`) throw folderChanged();
    return;
  }
  const { dev, ino } = await identify(path);
  if (dev !== allowed.dev || ino !== allowed.ino) throw folderChanged();
}

async function seenInside(sandbox: Sandbox): Promise<string> {
  const output = new Collector(MAX_ANSWER_BYTES);
  const command = ['stat', '-c', '%d %i', '/workspace'];
  const running = await sandbox.start({ command, cwd: '/workspace', env: {}, stdin: 'none', pty: undefined }, output.sink);
  await running.exited;
  return output.stdout().toString().trim();
}

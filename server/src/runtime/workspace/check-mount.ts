/** Whether what was mounted in a sandbox is the folder that was allowed. */
import { platform } from 'node:os';
import { Collector } from '../machine/collector.ts';
import type { Sandbox } from '../ports.ts';
import { folderChanged, identify, type Identity } from './folder.ts';

/** Of what `stat` prints. */
const MAX_ANSWER_BYTES = 1024;

/**
 * Mounts are made by path, and whoever can write above the path could have put a link there meanwhile:
 * what was mounted must be the very folder that was allowed. Where the engine runs in a machine of its own, the
 * numbers inside are others, and the host's path is all that can be looked at again.
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

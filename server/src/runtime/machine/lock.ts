/**
 * The lock on a daemon's folder: a socket on which the daemon listens for as long as it lives. The kernel releases it
 * however the daemon ends, and everybody who shares the folder and the kernel can try it, in whatever namespace.
 */
import { readFile, rename } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { digest } from '../../base/digest.ts';

/** `absent`: nobody on this kernel holds or has held it, but somebody on another machine may. */
export type LockState = 'held' | 'released' | 'absent';

/** The longest path of a socket on every system. Node would cut a longer one and make the socket in another place. */
export const MAX_SOCKET_PATH_BYTES = 103;
const KERNEL_FILE = '/proc/sys/kernel/random/boot_id';
const KEY_LENGTH = 12;

/** Holds the lock on a folder until the returned function is called. Rejects where there can be no socket. */
export async function holdLock(folder: string): Promise<() => void> {
  const path = await lockPath(folder);
  const fresh = `${path}-new`;
  if (Buffer.byteLength(fresh) > MAX_SOCKET_PATH_BYTES) throw new Error('the path of the lock is too long');
  const server = createServer((visitor) => void visitor.destroy());
  await new Promise<void>((listening, failed) => {
    server.once('error', failed);
    server.listen(fresh, listening);
  });
  server.on('error', () => undefined);
  server.unref();
  // A socket is there a moment before somebody listens on it. Under its name it is held from the beginning.
  await rename(fresh, path);
  return () => void server.close();
}

export async function stateOfLock(folder: string): Promise<LockState> {
  const path = await lockPath(folder);
  if (Buffer.byteLength(path) > MAX_SOCKET_PATH_BYTES) return 'absent';
  return new Promise((resolve) => {
    const visitor = connect(path, () => {
      visitor.destroy();
      resolve('held');
    });
    visitor.on('error', (fault: NodeJS.ErrnoException) => resolve(answers[fault.code ?? ''] ?? 'held'));
  });
}

const answers: Readonly<Record<string, LockState>> = { ECONNREFUSED: 'released', ENOENT: 'absent' };

/** The name tells the kernel, because one that has not made the socket would take it for released. */
async function lockPath(folder: string): Promise<string> {
  const kernel = await readFile(KERNEL_FILE, 'utf8').catch(hostname);
  return join(folder, `alive-${digest(kernel).slice(0, KEY_LENGTH)}`);
}

/** Whole folders into a sandbox, and small answers out of it. */
import type { Dirent } from 'node:fs';
import type { Pack } from 'tar-stream';
import { constants, open, opendir } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { ProtocolError } from '../../protocol/index.ts';
import type { Process, Sandbox } from '../ports.ts';
import { Collector } from './collector.ts';

const MAX_CAPTURE_BYTES = 64 * 1024;

/** The output of a short program, as text. */
export async function capture(sandbox: Sandbox, command: readonly string[]): Promise<string> {
  const output = new Collector(MAX_CAPTURE_BYTES);
  const process = await sandbox.start({ command, cwd: '/workspace', env: {}, stdin: 'none', pty: undefined }, output.sink);
  await process.exited;
  return output.stdout().toString();
}

/**
 * Copies regular files and directories below `path` to /workspace. Links and devices stay where they are: what they
 * point to was not shared.
 * @throws ProtocolError DiskFull
 */
export async function copyFolder(path: string, sandbox: Sandbox, maxBytes: number): Promise<void> {
  const { pack: createPack } = await import('tar-stream');
  const messages = new Collector(0);
  const process = await sandbox.start(
    { command: ['tar', '-x', '-f', '-', '-C', '/workspace'], cwd: '/workspace', env: {}, stdin: 'open', pty: undefined },
    messages.sink,
  );
  const pack = createPack();
  // What destroys it is told by whoever fills it.
  pack.on('error', () => undefined);
  const sending = send(pack, process);
  sending.catch(() => undefined);
  try {
    await addFolder(pack, path, '', { left: maxBytes });
    pack.finalize();
    await sending;
  } catch (fault) {
    pack.destroy();
    await process.kill();
    throw fault;
  }
  const exit = await process.exited;
  if (exit.kind !== 'exited' || exit.code !== 0) {
    throw new ProtocolError('SandboxFailed', `the folder could not be copied: ${messages.stderr().toString().trim().slice(0, 300) || 'tar failed'}`);
  }
}

async function send(pack: Pack, process: Process): Promise<void> {
  for await (const chunk of pack) await process.write(chunk as Buffer);
  process.end();
}

async function addFolder(pack: Pack, folder: string, name: string, budget: { left: number }): Promise<void> {
  for await (const entry of await opendir(folder)) await addEntry(pack, folder, name, entry, budget);
}

async function addEntry(pack: Pack, folder: string, parent: string, entry: Dirent, budget: { left: number }): Promise<void> {
  const name = posix.join(parent, entry.name);
  const path = join(folder, entry.name);
  if (entry.isDirectory()) {
    pack.entry({ name, type: 'directory', mode: 0o755 });
    return addFolder(pack, path, name, budget);
  }
  if (!entry.isFile()) return;
  // The name may be something else by now: a link is refused, a pipe does not hang.
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(() => undefined);
  if (!file) return;
  try {
    const { size, mode } = await file.stat();
    budget.left -= size;
    if (budget.left < 0) throw new ProtocolError('DiskFull', 'the folder is larger than the disk limit of the session: raise limits.diskBytes, or share it instead');
    const content = size === 0 ? Buffer.alloc(0) : await readExactly(file, size);
    await new Promise<void>((resolve, reject) => {
      pack.entry({ name, mode: mode & 0o777, size: content.length }, content, (fault) => (fault ? reject(fault) : resolve()));
    });
  } finally {
    await file.close();
  }
}

async function readExactly(file: Awaited<ReturnType<typeof open>>, size: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(size), 0, size, 0);
  return buffer.subarray(0, bytesRead);
}

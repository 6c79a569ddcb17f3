/** A copy of a folder of the host in a sandbox, made by a `tar` that runs inside. */
import { constants } from 'node:fs';
import { type FileHandle, readdir } from 'node:fs/promises';
import { platform } from 'node:os';
import { posix } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Pack } from 'tar-stream';
import { ProtocolError } from '../../protocol/index.ts';
import { Collector } from '../machine/collector.ts';
import { openRegular } from '../machine/contents.ts';
import { type Held, lend, type Path, type Walker, walkerFor } from '../machine/walk.ts';
import type { Exit, Process, Sandbox } from '../ports.ts';
import { throwFileError } from '../shell/index.ts';
import { folderTooLarge, holdFolder } from './folder.ts';

const CHUNK_BYTES = 256 * 1024;
/** A directory is held on each floor. */
const MAX_DEPTH = 256;

/** How a copy goes on: what it may still hold, and whether anybody still wants it. */
interface Copy {
  readonly pack: Pack;
  readonly walker: Walker;
  readonly signal: AbortSignal;
  left: number;
}

/**
 * Copies regular files and directories below `path` to /workspace. Links and devices stay where they are: what they
 * point to was not shared. So does what this user may not read, or what goes away meanwhile.
 * @throws ProtocolError DiskFull, SandboxFailed
 */
export async function copyFolder(path: string, sandbox: Sandbox, maxBytes: number, signal: AbortSignal): Promise<void> {
  // CommonJS: in the bundle there is no export but the default.
  const { default: tar } = await import('tar-stream');
  const messages = new Collector(0);
  const running = await sandbox.start(
    { command: ['tar', '-x', '-f', '-', '-C', '/workspace'], cwd: '/workspace', env: { LC_ALL: 'C' }, stdin: 'open', pty: undefined },
    messages.sink,
  );
  const pack = tar.pack();
  // What destroys it is told by whoever fills it.
  pack.on('error', () => undefined);
  const copy = { pack, walker: walkerFor(platform()), signal, left: maxBytes };
  try {
    await Promise.all([send(pack, running), addAll(path, copy)]);
  } catch (fault) {
    pack.destroy();
    await running.kill();
    throw fault;
  }
  checkExit(await running.exited, messages.stderr().toString());
}

async function send(pack: Pack, running: Process): Promise<void> {
  for await (const chunk of pack) await running.write(chunk as Buffer);
  running.end();
}

async function addAll(path: string, copy: Copy): Promise<void> {
  await lend(holdFolder(path), (folder) => addFolder(folder, '', copy, 0));
  copy.pack.finalize();
}

async function addFolder(folder: Held, name: string, copy: Copy, depth: number): Promise<void> {
  if (depth > MAX_DEPTH) throw new ProtocolError('SandboxFailed', `the folder can't be copied: it is nested more than ${MAX_DEPTH} times`);
  const entries = await readdir(folder.self, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    copy.signal.throwIfAborted();
    const path = posix.join(name, entry.name);
    if (entry.isDirectory()) await addDirectory(folder, entry.name, path, copy, depth);
    else if (entry.isFile()) await addFile(folder.at(entry.name), path, copy);
  }
}

async function addDirectory(parent: Held, name: string, path: string, copy: Copy, depth: number): Promise<void> {
  const folder = await copy.walker.enter(parent, name).catch(() => undefined);
  if (!folder) return;
  await lend(folder, () => {
    copy.pack.entry({ name: path, type: 'directory', mode: 0o755 });
    return addFolder(folder, path, copy, depth + 1);
  });
}

async function addFile(path: Path, name: string, copy: Copy): Promise<void> {
  const file = await openRegular(path, constants.O_RDONLY).catch(() => undefined);
  if (!file) return;
  try {
    const { size, mode, mtime } = await file.stat();
    copy.left -= size;
    if (copy.left < 0) throw folderTooLarge();
    await pipeline(Readable.from(exactly(file, size)), copy.pack.entry({ name, mode: mode & 0o777, mtime, size }));
  } finally {
    await file.close();
  }
}

/** A file that grows meanwhile is cut, one that shrinks is filled up with zeros: the archive has told its size. */
async function* exactly(file: FileHandle, size: number): AsyncGenerator<Buffer> {
  for (let left = size; left > 0; ) {
    const chunk = Buffer.alloc(Math.min(left, CHUNK_BYTES));
    const { bytesRead } = await file.read(chunk, 0, chunk.length, null);
    const piece = bytesRead === 0 ? chunk : chunk.subarray(0, bytesRead);
    left -= piece.length;
    yield piece;
  }
}

function checkExit(exit: Exit, stderr: string): void {
  if (exit.kind === 'exited' && exit.code === 0) return;
  if (exit.kind === 'memoryLimit') {
    throw new ProtocolError('DiskFull', 'the folder does not fit: files count as memory, so raise limits.memoryBytes, or share it instead');
  }
  throwFileError({ status: 1, stderr }, '/workspace');
}

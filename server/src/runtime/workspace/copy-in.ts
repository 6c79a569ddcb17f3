/** Copies a folder of the host into a sandbox: the daemon packs it, and a `tar` that runs inside unpacks it. */
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
/** One descriptor is open for each level of the tree. */
const MAX_DEPTH = 256;

/** The state of a copy. `left`: how many bytes may still follow. */
interface Copy {
  readonly pack: Pack;
  readonly walker: Walker;
  readonly signal: AbortSignal;
  left: number;
}

/**
 * Copies the regular files and directories in `path` into /workspace. Links and devices are left out, because what they
 * lead to was not shared; so are files that the daemon's user may not read, and those that are removed meanwhile.
 * @throws ProtocolError DiskFull where they have more than `maxBytes` or do not fit, SandboxFailed
 */
export async function copyFolder(path: string, sandbox: Sandbox, maxBytes: number, signal: AbortSignal): Promise<void> {
  // It is a CommonJS module: in the bundle it has no export but the default.
  const { default: tar } = await import('tar-stream');
  const messages = new Collector(0);
  const running = await sandbox.start(
    { command: ['tar', '-x', '-f', '-', '-C', '/workspace'], cwd: '/workspace', env: { LC_ALL: 'C' }, stdin: 'open', pty: undefined },
    messages.sink,
  );
  const pack = tar.pack();
  // The fault for which it is destroyed is thrown by `addAll` or `send`.
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
  if (depth > MAX_DEPTH) throw new ProtocolError('SandboxFailed', `the folder can't be copied: its folders are nested more than ${MAX_DEPTH} deep`);
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

/** Reads exactly `size` bytes, as the archive's header says. A file that has grown meanwhile is cut off, and one that has shrunk is filled up with zeros. */
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
    throw new ProtocolError('DiskFull', 'the folder does not fit into the sandbox, where files count as memory: raise limits.memoryBytes, or share the folder instead of copying it');
  }
  throwFileError({ status: 1, stderr }, '/workspace');
}

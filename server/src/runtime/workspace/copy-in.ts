/** Copies a folder of the host into a sandbox. */
import { constants } from 'node:fs';
import { type FileHandle, readdir } from 'node:fs/promises';
import { platform } from 'node:os';
import { posix } from 'node:path';
import { ProtocolError } from '../../protocol/index.ts';
import { type Receiving, textOf } from '../agent/index.ts';
import { openRegular } from '../machine/contents.ts';
import { type Held, lend, type Path, type Walker, walkerFor } from '../machine/walk.ts';
import { folderTooLarge, holdFolder } from './folder.ts';

const CHUNK_BYTES = 256 * 1024;
/** One descriptor is open for each level of the tree. */
const MAX_DEPTH = 256;
/** So many files are on their way at once. */
const MAX_FILES = 16;

/** The state of a copy. */
interface Copy {
  readonly sandbox: Receiving;
  readonly walker: Walker;
  readonly signal: AbortSignal;
  readonly places: Places;
  /** How many bytes may still follow. */
  left: number;
}

/**
 * Copies the regular files and directories in `path` into /workspace. Links and devices are left out, because what they
 * lead to was not shared; so are files that the daemon's user may not read, and those that are removed meanwhile.
 * @throws ProtocolError DiskFull where they have more than `maxBytes` or do not fit, SandboxFailed
 */
export async function copyFolder(path: string, sandbox: Receiving, maxBytes: number, signal: AbortSignal): Promise<void> {
  const places = new Places(MAX_FILES);
  const copy = { sandbox, walker: walkerFor(platform()), signal, places, left: maxBytes };
  try {
    await lend(holdFolder(path), (folder) => addFolder(folder, '/workspace', copy, 0));
  } finally {
    await places.free();
  }
  places.check();
}

async function addFolder(folder: Held, target: string, copy: Copy, depth: number): Promise<void> {
  if (depth > MAX_DEPTH) throw new ProtocolError('SandboxFailed', `the folder can't be copied: its folders are nested more than ${MAX_DEPTH} deep`);
  const entries = await readdir(folder.self, { withFileTypes: true, encoding: 'buffer' }).catch(() => []);
  for (const entry of entries) {
    copy.signal.throwIfAborted();
    copy.places.check();
    const path = posix.join(target, textOf(entry.name));
    if (entry.isDirectory()) await addDirectory(folder, entry.name, path, copy, depth);
    else if (entry.isFile()) await addFile(folder.at(entry.name), path, copy);
  }
}

async function addDirectory(parent: Held, name: Path, path: string, copy: Copy, depth: number): Promise<void> {
  const folder = await copy.walker.enter(parent, name).catch(() => undefined);
  if (!folder) return;
  await lend(folder, async () => {
    await copy.places.take(() => copy.sandbox.files.createDirectory(path, true));
    await addFolder(folder, path, copy, depth + 1);
  });
}

async function addFile(path: Path, target: string, copy: Copy): Promise<void> {
  const file = await openRegular(path, constants.O_RDONLY).catch(() => undefined);
  if (!file) return;
  const send = async () => {
    try {
      const { size, mode, mtimeMs } = await file.stat();
      copy.left -= size;
      if (copy.left < 0) throw folderTooLarge();
      await copy.sandbox.files.copyHere(target, bytesOf(file, size, copy.signal), { permissions: mode & 0o777, mtimeMs });
    } finally {
      await file.close();
    }
  };
  await copy.places.take(send);
}

/** Reads up to `size` bytes: what a file gains meanwhile is left out. */
async function* bytesOf(file: FileHandle, size: number, signal: AbortSignal): AsyncGenerator<Buffer> {
  for (let left = size; left > 0; ) {
    signal.throwIfAborted();
    const chunk = Buffer.allocUnsafe(Math.min(left, CHUNK_BYTES));
    const { bytesRead } = await file.read(chunk, 0, chunk.length, null);
    if (bytesRead === 0) return;
    left -= bytesRead;
    yield chunk.subarray(0, bytesRead);
  }
}

/** Lets some tasks run at once. The first fault is kept. */
class Places {
  readonly #running = new Set<Promise<unknown>>();
  readonly #most: number;
  #fault: { readonly reason: unknown } | undefined;

  constructor(most: number) {
    this.#most = most;
  }

  /** Begins the task when there is a place for it. */
  async take(task: () => Promise<unknown>): Promise<void> {
    while (this.#running.size >= this.#most) await Promise.race(this.#running);
    const running: Promise<unknown> = task()
      .catch((reason: unknown) => (this.#fault ??= { reason }))
      .finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  /** Resolves when no task runs. */
  async free(): Promise<void> {
    await Promise.all(this.#running);
  }

  /** @throws the first fault */
  check(): void {
    if (this.#fault) throw this.#fault.reason;
  }
}

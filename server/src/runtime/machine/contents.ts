/** Reads and writes one regular file. Nothing here follows a link, or waits for the other end of a named pipe. */
import { constants } from 'node:fs';
import { type FileHandle, open, unlink } from 'node:fs/promises';
import { undoing } from '../../base/undo.ts';
import { type FileContent, MAX_FILE_BYTES, type WriteOptions } from '../ports.ts';
import { errorCode, fileTooLarge, systemFault } from './faults.ts';
import type { Held, Path } from './walk.ts';

const { O_APPEND, O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_WRONLY } = constants;
const EXECUTE = 0o111;

export async function writeFile(directory: Held, name: string, content: Buffer | AsyncIterable<Buffer>, { mode, executable }: WriteOptions): Promise<void> {
  const path = directory.at(name);
  const append = mode === 'append' ? O_APPEND : 0;
  let isNew = true;
  const file = await openRegular(path, O_WRONLY | O_CREAT | O_EXCL | append).catch((fault: unknown) => {
    if (mode === 'create' || errorCode(fault) !== 'EEXIST') throw fault;
    isNew = false;
    return openRegular(path, O_WRONLY | O_CREAT | append);
  });
  try {
    if (mode === 'overwrite') await file.truncate();
    for await (const chunk of Buffer.isBuffer(content) ? [content] : content) await file.writeFile(chunk);
    if (executable !== undefined) await setExecutable(file, executable);
  } catch (fault) {
    // A new file is written completely, or does not exist.
    if (isNew) await unlink(path).catch(() => undefined);
    throw fault;
  } finally {
    await file.close();
  }
}

export async function readFile(directory: Held, name: string, path: string, offset: number, length: number | undefined): Promise<FileContent> {
  const file = await openRegular(directory.at(name), O_RDONLY);
  try {
    const { size } = await file.stat();
    const wanted = Math.max(0, Math.min(length ?? Infinity, size - offset));
    if (wanted > MAX_FILE_BYTES) throw fileTooLarge(path);
    return { bytes: await readUpTo(file, offset, wanted), size };
  } finally {
    await file.close();
  }
}

/** Opens a regular file. @throws ELOOP for a link, EISDIR for a directory, ENXIO for anything else; or as `open` does */
export function openRegular(path: Path, flags: number): Promise<FileHandle> {
  return undoing(async (undo) => {
    const file = await open(path, flags | O_NOFOLLOW | O_NONBLOCK, 0o644);
    undo.add(() => file.close());
    const stats = await file.stat();
    if (!stats.isFile()) throw systemFault(stats.isDirectory() ? 'EISDIR' : 'ENXIO');
    return file;
  });
}

/** Of a file that shrinks meanwhile the result has fewer bytes. */
async function readUpTo(file: FileHandle, offset: number, wanted: number): Promise<Buffer> {
  const bytes = Buffer.alloc(wanted);
  let filled = 0;
  while (filled < wanted) {
    const { bytesRead } = await file.read(bytes, filled, wanted - filled, offset + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return bytes.subarray(0, filled);
}

async function setExecutable(file: FileHandle, executable: boolean): Promise<void> {
  const { mode } = await file.stat();
  await file.chmod(executable ? mode | EXECUTE : mode & ~EXECUTE);
}

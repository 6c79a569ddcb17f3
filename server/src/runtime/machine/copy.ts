/** Copies files and trees between held directories. Links and special files inside a tree are left out. */
import { constants } from 'node:fs';
import { type FileHandle, lstat, mkdir, readdir } from 'node:fs/promises';
import { errorCode, systemFault } from './faults.ts';
import { openRegular } from './contents.ts';
import { type Held, lend, type Walker } from './walk.ts';

export interface CopyOptions {
  readonly walker: Walker;
  readonly recursive: boolean;
  readonly overwrite: boolean;
  /** Called before each piece is written, with its length. It throws to end the copy. */
  spend(bytes: number): void;
}

/** A directory entry, which may not exist yet. */
export interface Entry {
  readonly directory: Held;
  readonly name: string;
}

const { O_CREAT, O_EXCL, O_RDONLY, O_WRONLY } = constants;
const CHUNK_BYTES = 256 * 1024;
/** Two descriptors are open for each level of the tree. */
const MAX_DEPTH = 256;

/** Copies a file or directory. A source that is a link or a special file is refused. */
export async function copyEntry(from: Entry, to: Entry, options: CopyOptions): Promise<void> {
  const stats = await lstat(from.directory.at(from.name));
  if (stats.isSymbolicLink()) throw systemFault('ELOOP');
  if (!stats.isDirectory()) return copyFile(from, to, options);
  if (!options.recursive) throw systemFault('EISDIR');
  if (!options.overwrite && (await exists(to))) throw systemFault('EEXIST');
  await copyInto(from, to, options, 0);
}

/** Copies the entries of `source` into `target`. */
export async function copyTree(source: Held, target: Held, options: CopyOptions, depth = 0): Promise<void> {
  if (depth > MAX_DEPTH) throw systemFault('ELOOP');
  for (const entry of await readdir(source.self, { withFileTypes: true })) {
    const from = { directory: source, name: entry.name };
    const to = { directory: target, name: entry.name };
    if (entry.isDirectory()) await copyInto(from, to, options, depth);
    else if (entry.isFile()) await copyFileStillThere(from, to, options);
  }
}

async function copyInto(from: Entry, to: Entry, options: CopyOptions, depth: number): Promise<void> {
  const { walker } = options;
  await mkdir(to.directory.at(to.name)).catch((fault: unknown) => {
    if (errorCode(fault) !== 'EEXIST') throw fault;
  });
  await lend(walker.enter(from.directory, from.name), (source) =>
    lend(walker.enter(to.directory, to.name), async (target) => {
      await copyTree(source, target, options, depth + 1);
    }),
  );
}

/** A tree may change while it is copied: an entry that has been removed, or replaced by a link, is left out. */
async function copyFileStillThere(from: Entry, to: Entry, options: CopyOptions): Promise<void> {
  const source = await openRegular(from.directory.at(from.name), O_RDONLY).catch((fault: unknown) => {
    if (['ENOENT', 'ELOOP', 'ENXIO', 'EISDIR'].includes(errorCode(fault))) return undefined;
    throw fault;
  });
  if (source) await copyOpened(source, to, options);
}

async function copyFile(from: Entry, to: Entry, options: CopyOptions): Promise<void> {
  await copyOpened(await openRegular(from.directory.at(from.name), O_RDONLY), to, options);
}

async function copyOpened(source: FileHandle, to: Entry, { overwrite, spend }: CopyOptions): Promise<void> {
  try {
    const { dev, ino, mode } = await source.stat();
    const target = await openRegular(to.directory.at(to.name), O_WRONLY | O_CREAT | (overwrite ? 0 : O_EXCL));
    try {
      const there = await target.stat();
      if (there.dev === dev && there.ino === ino) throw systemFault('EEXIST');
      await target.truncate();
      await pour(source, target, spend);
      await target.chmod(mode & 0o777);
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
}

async function pour(source: FileHandle, target: FileHandle, spend: (bytes: number) => void): Promise<void> {
  const chunk = Buffer.alloc(CHUNK_BYTES);
  for (;;) {
    const { bytesRead } = await source.read(chunk, 0, chunk.length, null);
    if (bytesRead === 0) return;
    spend(bytesRead);
    await target.writeFile(chunk.subarray(0, bytesRead));
  }
}

async function exists({ directory, name }: Entry): Promise<boolean> {
  return lstat(directory.at(name)).then(() => true, () => false);
}

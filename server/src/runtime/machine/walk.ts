/**
 * Directories that are held while they are used. What is named through a held directory can't be swapped for a link
 * on the way there: every path given to the system has a held directory before its last component.
 */
import { constants } from 'node:fs';
import { type FileHandle, lstat, open, realpath } from 'node:fs/promises';
import { systemFault } from './faults.ts';

/** Bytes where a name is not text. */
export type Path = string | Buffer;

export interface Held {
  /** The directory itself. */
  readonly self: Path;
  /** An entry of it. Valid until `close`. Whether the entry is a link is for the caller to refuse. */
  at(name: Path): Path;
  close(): Promise<void>;
}

export interface Walker {
  /** `path` is trusted up to its last component. */
  open(path: string): Promise<Held>;
  /** A directory in a held one. Links fail with ELOOP, other files with ENOTDIR. */
  enter(directory: Held, name: Path): Promise<Held>;
}

export function walkerFor(platform: NodeJS.Platform): Walker {
  return platform === 'linux' ? handleWalker : pathWalker;
}

/** Not in Node's constants. */
const O_PATH = 0o10000000;
const DIRECTORY = O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW;

/** Linux: a directory is a descriptor, and /proc names what is in it. No race is left. */
const handleWalker: Walker = {
  open: async (path) => heldHandle(await open(path, DIRECTORY)),
  async enter(directory, name) {
    const path = directory.at(name);
    try {
      return heldHandle(await open(path, DIRECTORY));
    } catch (fault) {
      // A link that is no directory for O_DIRECTORY fails like any other file.
      if ((await lstat(path)).isSymbolicLink()) throw systemFault('ELOOP');
      throw fault;
    }
  },
};

function heldHandle(handle: FileHandle): Held {
  const self = `/proc/self/fd/${handle.fd}`;
  return { self, at: (name) => below(self, name), close: () => handle.close() };
}

/** Elsewhere: a directory is a real path, checked when it is entered. Races are narrower here, not closed. */
const pathWalker: Walker = {
  open: async (path) => heldPath(path),
  async enter(directory, name) {
    const path = directory.at(name);
    const stats = await lstat(path);
    if (stats.isSymbolicLink()) throw systemFault('ELOOP');
    if (!stats.isDirectory()) throw systemFault('ENOTDIR');
    const [real, parent] = await Promise.all([path, directory.self].map((each) => realpath(each, { encoding: 'buffer' })));
    if (!real?.equals(Buffer.from(below(parent ?? '', name) as string))) throw systemFault('ELOOP');
    return heldPath(path);
  },
};

function heldPath(self: Path): Held {
  return { self, at: (name) => below(self, name), close: () => Promise.resolve() };
}

function below(folder: Path, name: Path): Path {
  if (typeof folder === 'string' && typeof name === 'string') return `${folder}/${name}`;
  return Buffer.concat([Buffer.from(folder as string), Buffer.from('/'), Buffer.from(name as string)]);
}

/** Lends a directory to `work` and lets go of it, whatever happens. */
export async function lend<T>(directory: Promise<Held> | Held, work: (directory: Held) => Promise<T>): Promise<T> {
  const held = await directory;
  try {
    return await work(held);
  } finally {
    await held.close();
  }
}

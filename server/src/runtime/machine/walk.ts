/**
 * Directories that are held open while they are used. Every path that is given to the system consists of a held directory
 * and one name. So nobody can put a link into the path between a check and the use: there is nothing between the held
 * directory and the name.
 */
import { constants } from 'node:fs';
import { type FileHandle, lstat, open, realpath } from 'node:fs/promises';
import { systemFault } from './faults.ts';

/** A Buffer for a path that is not UTF-8. */
export type Path = string | Buffer;

export interface Held {
  /** A path of the directory itself. Valid until `close`. */
  readonly self: Path;
  /** A path of an entry of it. Valid until `close`. The entry may be a link: the caller must not follow it. */
  at(name: Path): Path;
  close(): Promise<void>;
}

export interface Walker {
  /** Opens a directory. No component of `path` but the last can be changed by hostile programs. */
  open(path: string): Promise<Held>;
  /** Opens a directory in a held one. @throws ELOOP for a link, ENOTDIR for any other file that is no directory */
  enter(directory: Held, name: Path): Promise<Held>;
}

/** The walker for an operating system. On Linux no race is left; elsewhere see `pathWalker`. */
export function walkerFor(platform: NodeJS.Platform): Walker {
  return platform === 'linux' ? handleWalker : pathWalker;
}

/** Of Linux; Node has no constant for it. */
const O_PATH = 0o10000000;
const DIRECTORY = O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW;

/** For Linux: a held directory is an open descriptor, and its entries are named through /proc/self/fd. */
const handleWalker: Walker = {
  open: async (path) => heldHandle(await open(path, DIRECTORY)),
  async enter(directory, name) {
    const path = directory.at(name);
    try {
      return heldHandle(await open(path, DIRECTORY));
    } catch (fault) {
      // For a link the system says ENOTDIR, as for any other file that is no directory.
      if ((await lstat(path)).isSymbolicLink()) throw systemFault('ELOOP');
      throw fault;
    }
  },
};

function heldHandle(handle: FileHandle): Held {
  const self = `/proc/self/fd/${handle.fd}`;
  return { self, at: (name) => below(self, name), close: () => handle.close() };
}

/** For other systems: a held directory is a real path that is checked when it is entered. A program that is fast enough can still replace it by a link afterwards. */
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

/** Calls `work` with a directory, and closes the directory when `work` has settled. */
export async function lend<T>(directory: Promise<Held> | Held, work: (directory: Held) => Promise<T>): Promise<T> {
  const held = await directory;
  try {
    return await work(held);
  } finally {
    await held.close();
  }
}

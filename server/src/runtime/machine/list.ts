/** What is in a directory. Links are told, never followed. */
import type { Stats } from 'node:fs';
import { lstat, opendir } from 'node:fs/promises';
import type { DirectoryEntry } from '../../protocol/index.ts';
import type { ListOptions } from '../ports.ts';
import { errorCode } from './faults.ts';
import { type Held, lend, type Walker } from './walk.ts';

/** So many names of one directory are looked at; the listing is truncated then. */
const MAX_NAMES = 200_000;
/** One directory is held on each floor. */
const MAX_DEPTH = 512;

interface Listing {
  readonly entries: DirectoryEntry[];
  truncated: boolean;
}

/** `path` is what the directory is called inside the sandbox. */
export async function listDirectory(walker: Walker, directory: Held, path: string, options: ListOptions): Promise<Listing> {
  const listing: Listing = { entries: [], truncated: false };
  await visit(directory, '', 0);
  listing.entries.sort((a, b) => (a.path < b.path ? -1 : 1));
  return listing;

  async function visit(folder: Held, below: string, depth: number): Promise<void> {
    for (const name of await namesOf(folder, listing)) {
      const stats = await lstat(folder.at(name)).catch(ignoreVanished);
      if (!stats) continue;
      const relative = below === '' ? name : `${below}/${name}`;
      if (options.accept(relative)) {
        if (listing.entries.length >= options.limit) listing.truncated = true;
        else listing.entries.push(describe(name, `${path}/${relative}`, stats));
      }
      if (listing.truncated) return;
      if (options.recursive && stats.isDirectory()) await descend(folder, name, relative, depth + 1);
    }
  }

  async function descend(parent: Held, name: string, relative: string, depth: number): Promise<void> {
    if (depth > MAX_DEPTH) {
      listing.truncated = true;
      return;
    }
    const folder = await walker.enter(parent, name).catch(ignoreVanished);
    if (folder) await lend(folder, () => visit(folder, relative, depth));
  }
}

async function namesOf(folder: Held, listing: Listing): Promise<string[]> {
  const names: string[] = [];
  for await (const entry of await opendir(folder.self)) {
    if (names.length >= MAX_NAMES) {
      listing.truncated = true;
      break;
    }
    names.push(entry.name);
  }
  return names.sort();
}

function describe(name: string, path: string, stats: Stats): DirectoryEntry {
  const { size, mtimeMs, mode } = stats;
  return { name, path, type: typeOf(stats), size, mtimeMs, mode: mode & 0o7777 };
}

function typeOf(stats: Stats): DirectoryEntry['type'] {
  if (stats.isFile()) return 'file';
  if (stats.isDirectory()) return 'directory';
  return stats.isSymbolicLink() ? 'symlink' : 'other';
}

/** Entries come and go while we look; a name that is not text can't be told. */
function ignoreVanished(fault: unknown): undefined {
  if (!['ENOENT', 'ELOOP', 'ENOTDIR', 'EACCES'].includes(errorCode(fault))) throw fault;
}

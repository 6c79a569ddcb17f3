/** Lists a directory. Links are listed as links, and never followed. */
import type { Stats } from 'node:fs';
import { lstat, opendir } from 'node:fs/promises';
import type { DirectoryEntry } from '../../protocol/index.ts';
import { First } from '../first.ts';
import type { ListOptions } from '../ports.ts';
import { errorCode } from './faults.ts';
import { type Held, lend, type Walker } from './walk.ts';

/** No more names of one directory are read: then the listing is truncated. */
const MAX_NAMES = 200_000;
/** One descriptor is open for each level of the tree. */
const MAX_DEPTH = 512;

/** No more entries of a tree are looked at: then the listing is truncated. */
const MAX_LOOKED_AT = 1_000_000;

interface Listing {
  readonly entries: DirectoryEntry[];
  readonly truncated: boolean;
}

/** `path` is the path of the directory inside the sandbox. */
export async function listDirectory(walker: Walker, directory: Held, path: string, options: ListOptions): Promise<Listing> {
  const first = new First<DirectoryEntry>(options.limit);
  let truncated = false;
  let looked = 0;
  await visit(directory, '', 0);
  const { entries } = first;
  return { entries, truncated: truncated || first.left > 0 };

  async function visit(folder: Held, below: string, depth: number): Promise<void> {
    const { names, complete } = await namesOf(folder);
    if (!complete) truncated = true;
    for (const name of names) {
      if (++looked > MAX_LOOKED_AT) {
        truncated = true;
        return;
      }
      const stats = await lstat(folder.at(name)).catch(ignoreVanished);
      if (!stats) continue;
      const relative = below === '' ? name : `${below}/${name}`;
      if (options.accept(relative)) first.add(describe(name, `${path}/${relative}`, stats));
      if (options.recursive && stats.isDirectory()) await descend(folder, name, relative, depth + 1);
    }
  }

  async function descend(parent: Held, name: string, relative: string, depth: number): Promise<void> {
    if (depth > MAX_DEPTH) {
      truncated = true;
      return;
    }
    const folder = await walker.enter(parent, name).catch(ignoreVanished);
    if (folder) await lend(folder, () => visit(folder, relative, depth));
  }
}

async function namesOf(folder: Held): Promise<{ names: string[]; complete: boolean }> {
  const names: string[] = [];
  for await (const entry of await opendir(folder.self)) {
    if (names.length >= MAX_NAMES) return { names, complete: false };
    names.push(entry.name);
  }
  return { names, complete: true };
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

/** Programs may remove entries meanwhile, and a name that is not UTF-8 can't be opened by its text: such entries are left out. */
function ignoreVanished(fault: unknown): undefined {
  if (!['ENOENT', 'ELOOP', 'ENOTDIR', 'EACCES'].includes(errorCode(fault))) throw fault;
}

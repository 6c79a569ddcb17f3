/** Finds the files that go into the sandbox with FILE: those of its folder that git would not leave out, the nearest first. */
import { createReadStream, type Dirent } from 'node:fs';
import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { hiddenPlaces } from '../policy/hidden.ts';
import { IgnoreRules } from './ignore.ts';
import type { LimitNames } from './limit-names.ts';
import { inUnits } from './quantities.ts';
import type { Outgoing } from './send.ts';
import { CannotRun } from './source.ts';

export interface FolderRequest {
  /** The absolute path of the folder. */
  readonly folder: string;
  /** The path of FILE, relative to the folder, with slashes. It is sent by itself. */
  readonly except: string;
  /** Absolute paths of files that do not go along, unless they are named in `with`. */
  readonly without: readonly string[];
  /** Paths that are not left out, whatever the rules say. */
  readonly with: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  readonly signal: AbortSignal;
}

export interface Gathered {
  readonly files: readonly Outgoing[];
  /** What was left out because git ignores it. */
  readonly ignored: readonly string[];
  /** Whether files were left out because there are too many. */
  readonly incomplete: boolean;
}

export const MAX_FILES = 2_000;
/** /workspace has half of the disk of a session, and what goes along leaves half of that to the program. */
const SHARE_OF_FOLDER = 4;
/** A file alone may take all of /workspace. */
const SHARE_OF_FILE = 2;
/** No more entries of folders are looked at. */
const MAX_ENTRIES = 20_000;
/** What people do not write themselves, and what is often large. */
const leftOut: ReadonlySet<string> = new Set(['.git', '.hg', '.svn', 'node_modules', '.venv', 'venv', '__pycache__']);
const STICKY = 0o1000;
const OF_ANYBODY = 0o002;

/** A folder that is still to be looked at. */
interface Place {
  /** Relative to the folder that goes along; empty for that folder itself. */
  readonly path: string;
  readonly rules: IgnoreRules;
  /** Whether only what `with` names goes along. */
  readonly only: boolean;
}

export async function gather(request: FolderRequest): Promise<Gathered> {
  const { folder, except, signal } = request;
  const files: Outgoing[] = [];
  const ignored: string[] = [];
  const breadth = await breadthOf(request);
  if (breadth === 'none') return { files, ignored, incomplete: false };
  const root = await realpath(folder);
  const named = request.with.map((path) => slashed(relative(folder, resolve(path))));
  const without = request.without.map((path) => slashed(relative(folder, path)));
  const places: Place[] = [{ path: '', rules: await rulesAbove(folder), only: false }];
  let seen = 0;
  for (let place = places.shift(); place; place = places.shift()) {
    const rules = place.rules.below(place.path, await textOf(join(folder, place.path, '.gitignore')));
    for (const entry of await entriesOf(join(folder, place.path))) {
      signal.throwIfAborted();
      if (++seen > MAX_ENTRIES) return { files, ignored, incomplete: true };
      const path = place.path === '' ? entry.name : `${place.path}/${entry.name}`;
      const wanted = named.some((each) => each === '' || path === each || path.startsWith(`${each}/`));
      const byGit = !wanted && !place.only && !leftOut.has(entry.name) && rules.ignores(path, entry.isDirectory());
      if (byGit) ignored.push(path);
      const ruled = byGit || (!wanted && (place.only || leftOut.has(entry.name)));
      if (entry.isDirectory()) {
        const leads = named.some((each) => each.startsWith(`${path}/`));
        if (wanted || leads || (!ruled && breadth === 'deep')) places.push({ path, rules, only: ruled || (leads && breadth === 'flat') });
        continue;
      }
      if (ruled || path === except || (!wanted && without.includes(path))) continue;
      const file = await outgoing(join(folder, path), path, entry, root);
      if (!file) continue;
      if (files.length >= MAX_FILES) return { files, ignored, incomplete: true };
      files.push(file);
    }
  }
  return { files, ignored, incomplete: false };
}

/** The files that have room in a session with so much disk, in their order. */
export function fitting({ files, ignored, incomplete }: Gathered, diskBytes: number): Gathered {
  let left = diskBytes / SHARE_OF_FOLDER;
  const fit = files.filter(({ size }) => {
    if (size > left) return false;
    left -= size;
    return true;
  });
  return { files: fit, ignored, incomplete: incomplete || fit.length < files.length };
}

/** `name`: what the person calls the program. `names`: what limits are called there. @throws CannotRun where a session with so much disk has no room for it */
export function checkRoom(name: string, size: number, diskBytes: number, names: LimitNames): void {
  const room = Math.floor(diskBytes / SHARE_OF_FILE);
  if (size > room) throw new CannotRun(`${name}: it has ${size} bytes, and the sandbox has room for ${inUnits(room)}; ${names.diskBytes} and ${names.memoryBytes} make more room`);
}

/**
 * Of a folder in which everything lies, such as the home folder or /tmp, only the files that are directly in it go along;
 * of one that holds keys or belongs to the system, none.
 */
async function breadthOf({ folder, env, home }: FolderRequest): Promise<'deep' | 'flat' | 'none'> {
  const real = await realpath(folder);
  const hidden = hiddenPlaces({ env, home, stateFolder: undefined, engineSocket: undefined });
  const places = await Promise.all(hidden.map((path) => realpath(path).catch(() => path)));
  if (places.some((place) => isBelow(real, place))) return 'none';
  const shared = ((await stat(real)).mode & STICKY) !== 0;
  return shared || isBelow(home, real) || places.some((place) => isBelow(place, real)) ? 'flat' : 'deep';
}

export function isBelow(path: string, root: string): boolean {
  return path === root || path.startsWith(root.endsWith(sep) ? root : root + sep);
}

/** The rules of the .gitignore files above the folder, up to the root of its repository; none if it is in no repository. */
async function rulesAbove(folder: string): Promise<IgnoreRules> {
  const above = await Promise.all((await repositoryAbove(folder)).map(async (each) => ({ folder: each, text: await textOf(join(each, '.gitignore')) })));
  return above.reduce((rules, each) => rules.above(slashed(relative(each.folder, folder)), each.text), IgnoreRules.none);
}

/** The folders above this one, from the root of its repository downwards; none if it is in no repository, or is the root. */
async function repositoryAbove(folder: string): Promise<string[]> {
  const above: string[] = [];
  for (let at = folder; ; at = dirname(at)) {
    if (at !== folder) above.unshift(at);
    if (await stat(join(at, '.git')).then(() => true, () => false)) return above;
    if (dirname(at) === at) return [];
  }
}

/**
 * The folders of the project to which a folder belongs: those of its repository above it, and itself. Folders in which
 * anybody may write, such as /tmp, belong to no project.
 */
export async function projectFolders(folder: string): Promise<string[]> {
  const all = [...(await repositoryAbove(folder)), folder];
  const own = await Promise.all(all.map((each) => stat(each).then(({ mode }) => (mode & (STICKY | OF_ANYBODY)) === 0, () => false)));
  return all.filter((_, at) => own[at]);
}

const slashed = (path: string): string => path.split(sep).join('/');

async function entriesOf(path: string): Promise<Dirent[]> {
  const entries = await readdir(path, { withFileTypes: true }).catch(() => []);
  return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** A link goes along as the file to which it leads, if that lies in the folder too. */
async function outgoing(host: string, path: string, entry: Dirent, root: string): Promise<Outgoing | undefined> {
  if (!entry.isFile() && !entry.isSymbolicLink()) return undefined;
  const real = entry.isFile() ? host : await realpath(host).catch(() => undefined);
  if (real === undefined || (entry.isSymbolicLink() && !isBelow(real, root))) return undefined;
  const stats = await stat(real).catch(() => undefined);
  if (!stats?.isFile()) return undefined;
  return { path, size: stats.size, executable: (stats.mode & 0o100) !== 0, original: stats, pieces: () => readable(real) };
}

/** A file that cannot be read, or is removed meanwhile, goes along empty. */
async function* readable(path: string): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of createReadStream(path)) yield chunk as Buffer;
  } catch {
    // What was read of it is all that there is.
  }
}

function textOf(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '');
}

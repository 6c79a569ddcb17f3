/** Finds the interpreters and compilers of this host, and the folders that a sandbox needs to run them. */
import { lstat, readlink, realpath } from 'node:fs/promises';
import { basename, delimiter, dirname, join } from 'node:path';
import { isProgram, searchFolders } from '../../machine/packaged.ts';

/** A folder or file of the host, and where it is mounted inside. All are read-only. */
export type Bind = readonly [host: string, inside: string];

export interface Toolchains {
  readonly binds: readonly Bind[];
  /** Symbolic links in the root folder. */
  readonly links: readonly (readonly [target: string, inside: string])[];
  /** PATH inside. */
  readonly path: string;
  /** The same folders on this host. */
  readonly folders: readonly string[];
}

/** The folders in which distributions install programs, libraries and their data. No user keeps files of their own in them. */
const system = [
  '/usr/bin', '/usr/lib', '/usr/lib32', '/usr/lib64', '/usr/libexec', '/usr/share', '/usr/include',
  '/usr/local/bin', '/usr/local/lib', '/usr/local/lib64', '/usr/local/libexec', '/usr/local/share', '/usr/local/include', '/usr/local/go',
  '/nix/store', '/gnu/store',
];
/** On most hosts these are links into /usr, on others folders. */
const roots = ['/bin', '/lib', '/lib32', '/lib64', '/sbin'];
const standardPath = ['/usr/local/bin', '/usr/bin', '/bin', '/usr/local/go/bin'];
const tools = ['python3', 'node', 'ruby', 'go', 'dotnet', 'mono'];

/** `searchPath` is the daemon's PATH. */
export async function findToolchains(searchPath: string | undefined): Promise<Toolchains> {
  const binds: Bind[] = [];
  const links: [string, string][] = [];
  for (const folder of system) if (await isDirectory(folder)) binds.push([folder, folder]);
  for (const root of roots) {
    const link = await readlink(root).catch(() => undefined);
    if (link !== undefined) links.push([link, root]);
    else if (await isDirectory(root)) binds.push([root, root]);
  }
  const path = [...standardPath];
  const folders = [...standardPath];
  for (const tool of tools) {
    const place = await findPrefix(tool, searchPath);
    if (!place) continue;
    // Programs can have the path of their own folder in them: that of their libraries, above all.
    const names = [...new Set([place.prefix, place.named])].filter(isFree);
    if (names.length === 0) names.push(`/opt/${tool}`);
    for (const name of names) binds.push([place.prefix, name]);
    path.unshift(join(names.at(-1) as string, place.programs));
    folders.unshift(join(place.prefix, place.programs));
  }
  return { binds, links, path: path.join(delimiter), folders };
}

/** What a sandbox has at these paths is its own. */
const taken = ['/tmp', '/workspace', '/dev', '/proc', '/sys', '/etc', '/.codebeaker', '/node_modules'];

function isFree(path: string): boolean {
  return ![...taken, ...system, ...roots].some((known) => path === known || path.startsWith(`${known}/`));
}

/** The folder in which a toolchain is installed. */
interface Prefix {
  readonly prefix: string;
  /** The same by the name that PATH has, which may lead through links. */
  readonly named: string;
  /** Where its programs are, below the prefix. */
  readonly programs: string;
}

/**
 * The prefix of the first program named `tool` on PATH. Scripts are passed over: a version manager's shim needs files
 * elsewhere. undefined: the program is in one of the system's folders, or there is none.
 */
async function findPrefix(tool: string, searchPath: string | undefined): Promise<Prefix | undefined> {
  for (const folder of [...searchFolders(searchPath), ...standardPath]) {
    const real = await realpath(join(folder, tool)).catch(() => undefined);
    if (real === undefined || !(await isProgram(real))) continue;
    if (system.some((known) => real.startsWith(`${known}/`))) return undefined;
    const programs = basename(dirname(real)) === 'bin' ? 'bin' : '.';
    const prefix = programs === 'bin' ? dirname(dirname(real)) : dirname(real);
    const above = programs === 'bin' ? dirname(folder) : folder;
    const named = (await realpath(above).catch(() => undefined)) === prefix ? above : prefix;
    if (isItsOwn(prefix, tool)) return { prefix, named, programs };
  }
  return undefined;
}

/** Whether the folder holds this toolchain and nothing else. Its name says so: it is a version, or begins with the tool's name. A home folder or ~/.local is not mounted. */
function isItsOwn(prefix: string, tool: string): boolean {
  const name = basename(prefix);
  return /^v?\d+\.\d+/.test(name) || name.toLowerCase().startsWith(tool.replace(/\d+$/, ''));
}

async function isDirectory(path: string): Promise<boolean> {
  return lstat(path).then((stats) => stats.isDirectory(), () => false);
}

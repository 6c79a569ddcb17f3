/** The interpreters and compilers of this host, and what of the host a sandbox has to see to run them. */
import { lstat, readlink, realpath } from 'node:fs/promises';
import { basename, delimiter, dirname, join } from 'node:path';
import { isProgram, searchFolders } from '../../machine/packaged.ts';

/** A folder or file of the host, and its place inside. Read-only. */
export type Bind = readonly [host: string, inside: string];

export interface Toolchains {
  readonly binds: readonly Bind[];
  /** Links of the root: [target, inside]. */
  readonly links: readonly (readonly [target: string, inside: string])[];
  /** PATH inside. */
  readonly path: string;
}

/** What a distribution installs, in the places where programs, libraries and their data are. Nothing here is anybody's own. */
const system = [
  '/usr/bin', '/usr/lib', '/usr/lib32', '/usr/lib64', '/usr/libexec', '/usr/share', '/usr/include',
  '/usr/local/bin', '/usr/local/lib', '/usr/local/lib64', '/usr/local/libexec', '/usr/local/share', '/usr/local/include', '/usr/local/go',
  '/nix/store', '/gnu/store',
];
/** Links into /usr on most hosts, folders on others. */
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
  for (const tool of tools) {
    const place = await findPrefix(tool, searchPath);
    if (!place) continue;
    binds.push([place.prefix, `/opt/${tool}`]);
    path.unshift(join(`/opt/${tool}`, place.programs));
  }
  return { binds, links, path: path.join(delimiter) };
}

interface Prefix {
  readonly prefix: string;
  /** Where the programs are, below the prefix. */
  readonly programs: string;
}

/** Of the first on PATH that is a real program: scripts that stand in for one (shims) need more than they are. Undefined where the system's own folders hold it, or nothing does. */
async function findPrefix(tool: string, searchPath: string | undefined): Promise<Prefix | undefined> {
  for (const folder of [...searchFolders(searchPath), ...standardPath]) {
    const real = await realpath(join(folder, tool)).catch(() => undefined);
    if (real === undefined || !(await isProgram(real))) continue;
    if (system.some((known) => real.startsWith(`${known}/`))) return undefined;
    const programs = basename(dirname(real)) === 'bin' ? 'bin' : '.';
    const prefix = programs === 'bin' ? dirname(dirname(real)) : dirname(real);
    if (isItsOwn(prefix, tool)) return { prefix, programs };
  }
  return undefined;
}

/** A folder that holds this and nothing else says so by its name: a version or the tool's. A home or ~/.local does not. */
function isItsOwn(prefix: string, tool: string): boolean {
  const name = basename(prefix);
  return /^v?\d+\.\d+/.test(name) || name.toLowerCase().startsWith(tool.replace(/\d+$/, ''));
}

async function isDirectory(path: string): Promise<boolean> {
  return lstat(path).then((stats) => stats.isDirectory(), () => false);
}

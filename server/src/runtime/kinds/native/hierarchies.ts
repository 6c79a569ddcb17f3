/** Where this host's control groups are, and which of them this process is in. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Those that limit something of ours. */
export const controllers = ['memory', 'cpu', 'pids'] as const;
export type Controller = (typeof controllers)[number];

export interface Hierarchy {
  readonly version: 1 | 2;
  readonly mount: string;
  /** The folder of the group that this process is in. */
  readonly current: string;
  /** Of the first version; in the second each group has its own. */
  readonly controllers: readonly Controller[];
}

/** The first version has one hierarchy for each controller, or for a few; the second has one for all. */
export async function hierarchies(): Promise<readonly Hierarchy[]> {
  const [mounts, groups] = await Promise.all([read('/proc/self/mountinfo'), read('/proc/self/cgroup')]);
  return parseHierarchies(mounts, groups);
}

/** `mounts` and `groups` are the texts of /proc/self/mountinfo and /proc/self/cgroup. */
export function parseHierarchies(mounts: string, groups: string): readonly Hierarchy[] {
  const found: Hierarchy[] = [];
  for (const line of mounts.split('\n')) {
    // Fields: id, parent, device, root, mount point, options, tags until a dash, type, source, super options.
    const [, root = '', mount = '', rest = ''] = /^\d+ \d+ \S+ (\S+) (\S+) .* - (cgroup2? .*)$/.exec(line) ?? [];
    const [type, , options = ''] = rest.split(' ');
    const names = controllers.filter((name) => options.split(',').includes(name));
    if (type === 'cgroup2') found.push({ version: 2, mount, current: below(mount, root, groupOf(groups, '')), controllers: [] });
    else if (names[0]) found.push({ version: 1, mount, current: below(mount, root, groupOf(groups, names[0])), controllers: names });
  }
  return found;
}

/** Lines are `id:controllers:path`; the second version has no controllers there. */
function groupOf(groups: string, controller: string): string {
  for (const line of groups.split('\n')) {
    const [, names = '', path = ''] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (path && names.split(',').includes(controller)) return path;
  }
  return '/';
}

/** A container sees a part of the hierarchy: `root` is mounted, and paths may be told from above it. */
function below(mount: string, root: string, path: string): string {
  const inner = root !== '/' && (path === root || path.startsWith(`${root}/`)) ? path.slice(root.length) : path;
  return join(mount, inner.startsWith('/..') ? '/' : inner);
}

async function read(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '');
}

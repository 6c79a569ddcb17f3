/** Finds the hierarchies of control groups of this host, and the group of this process in each. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The controllers that limit what a sandbox has a limit for. */
export const controllers = ['memory', 'cpu', 'pids'] as const;
export type Controller = (typeof controllers)[number];

export interface Hierarchy {
  readonly version: 1 | 2;
  /** Where it is mounted. */
  readonly mount: string;
  /** The folder of the group in which this process is. */
  readonly current: string;
  /** For version 1. In version 2 each group has controllers of its own, and this is empty. */
  readonly controllers: readonly Controller[];
}

/** Version 1 has several hierarchies, each for one controller or for a few; version 2 has one for all. */
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

/** Each line is `id:controllers:path`; that of version 2 has no controllers. */
function groupOf(groups: string, controller: string): string {
  for (const line of groups.split('\n')) {
    const [, names = '', path = ''] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (path && names.split(',').includes(controller)) return path;
  }
  return '/';
}

/** The folder of the group `path`. In a container only the part of the hierarchy below `root` is mounted, while `path` may begin above it. */
function below(mount: string, root: string, path: string): string {
  const inner = root !== '/' && (path === root || path.startsWith(`${root}/`)) ? path.slice(root.length) : path;
  return join(mount, inner.startsWith('/..') ? '/' : inner);
}

async function read(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '');
}

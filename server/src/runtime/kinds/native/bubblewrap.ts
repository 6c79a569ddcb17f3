/** The arguments of bubblewrap: what is unshared, what is seen, what is left. Everything that is not named here is not there. */
import { dirname } from 'node:path/posix';
import { PIPES } from '../../shell/index.ts';
import type { SharedFolder } from '../../ports.ts';
import { NOBODY, type User } from '../../workspace/user.ts';
import type { Bind } from './toolchains.ts';

export interface BubblewrapPlan {
  /** Whether the daemon is root: then the user is a real one, not a mapping of its own. */
  readonly root: boolean;
  /** bubblewrap 0.8 and later can forbid more user namespaces. */
  readonly forbidsUserNamespaces: boolean;
  readonly binds: readonly Bind[];
  readonly links: readonly (readonly [target: string, inside: string])[];
  readonly path: string;
  /** Host folders: made-up /etc, what the shells need, and the named pipes. */
  readonly etc: string;
  readonly library: string;
  readonly pipes: string;
  readonly diskBytes: number;
  /** Shared instead of made up. */
  readonly workspace: SharedFolder | undefined;
  /** Whom the programs run as. It counts only where the daemon is root: any other user stays itself. */
  readonly user: User;
  /** The descriptor that holds the system call filter. */
  readonly filter: number;
}

export const LIBRARY = '/.codebeaker/lib';

/** All options. They come from a file: what the first process is started with can be read inside. */
export function bubblewrapOptions(plan: BubblewrapPlan): string[] {
  const { root, links, path, library, pipes, workspace, filter } = plan;
  // Parts of /etc are the host's: they lie over it.
  const binds: readonly Bind[] = [[plan.etc, '/etc'], ...plan.binds, [library, LIBRARY], [pipes, PIPES]];
  const tmpfs = (place: string) => ['--size', String(plan.diskBytes), '--perms', '1777', '--tmpfs', place];
  return [
    '--unshare-ipc', '--unshare-pid', '--unshare-net', '--unshare-uts', '--unshare-cgroup-try',
    '--die-with-parent', '--new-session', '--hostname', 'sandbox',
    '--clearenv', '--setenv', 'PATH', path, '--setenv', 'HOME', '/tmp', '--setenv', 'TMPDIR', '/tmp', '--setenv', 'LANG', 'C.UTF-8',
    ...(root ? asRoot : asUser(plan)),
    ...parents(binds).flatMap((folder) => ['--perms', '0755', '--dir', folder]),
    ...binds.flatMap(([host, inside]) => ['--ro-bind', host, inside]),
    ...links.flatMap(([target, inside]) => ['--symlink', target, inside]),
    '--proc', '/proc',
    '--dev', '/dev', ...tmpfs('/dev/shm'), '--remount-ro', '/dev',
    ...tmpfs('/tmp'),
    ...(workspace ? [workspace.access === 'readOnly' ? '--ro-bind' : '--bind', workspace.path, '/workspace'] : tmpfs('/workspace')),
    '--remount-ro', '/',
    '--chdir', '/workspace',
    '--seccomp', String(filter),
  ];
}

/** Made on the way they would be for their owner alone. From the root on down. */
function parents(binds: readonly Bind[]): string[] {
  const folders = new Set<string>();
  for (const [, inside] of binds) {
    for (let folder = dirname(inside); folder !== '/'; folder = dirname(folder)) folders.add(folder);
  }
  return [...folders].sort();
}

/** What comes before the program: it becomes nobody for real, and loses the three capabilities that this takes. */
export function becomeNobody({ root, user: { uid, gid } }: Pick<BubblewrapPlan, 'root' | 'user'>): string[] {
  if (!root) return [];
  return ['setpriv', '--reuid', String(uid), '--regid', String(gid), '--clear-groups', '--inh-caps=-all', '--bounding-set=-all'];
}

const asRoot = ['--cap-drop', 'ALL', '--cap-add', 'CAP_SETUID', '--cap-add', 'CAP_SETGID', '--cap-add', 'CAP_SETPCAP'];

const asUser = ({ forbidsUserNamespaces }: BubblewrapPlan): string[] => [
  '--unshare-user', ...(forbidsUserNamespaces ? ['--disable-userns'] : []),
  '--uid', String(NOBODY), '--gid', String(NOBODY), '--cap-drop', 'ALL',
];

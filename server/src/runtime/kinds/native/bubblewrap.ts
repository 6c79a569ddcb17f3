/** The options of bubblewrap. A sandbox has what is named here and nothing else of the host. */
import { dirname } from 'node:path/posix';
import { AGENT, diskShares } from '../../agent/index.ts';
import type { SharedFolder } from '../../ports.ts';
import { NOBODY, type User } from '../../workspace/user.ts';
import type { Bind } from './toolchains.ts';

export interface BubblewrapPlan {
  /** Whether the daemon runs as root. Then programs get another user id of the host; else a user namespace hides the daemon's. */
  readonly root: boolean;
  /** Whether this bubblewrap (0.8 or later) can forbid that programs make user namespaces. */
  readonly forbidsUserNamespaces: boolean;
  readonly binds: readonly Bind[];
  /** The same, but they can be written. */
  readonly writable: readonly Bind[];
  /** Symbolic links. */
  readonly links: readonly (readonly [target: string, inside: string])[];
  /** PATH inside. */
  readonly path: string;
  /** The folder on the host that becomes /etc. */
  readonly etc: string;
  /** The program file of the agent on the host. */
  readonly agent: string;
  /** The size of all that can be written. */
  readonly diskBytes: number;
  /** The folder on the host that becomes /workspace. undefined: an empty tmpfs is there. */
  readonly workspace: SharedFolder | undefined;
  /** The user that programs become, if the daemon runs as root. */
  readonly user: User;
}

/** All options. bubblewrap must read them from a file (--args), because programs inside can read its command line, and would see the paths of the host. */
export function bubblewrapOptions(plan: BubblewrapPlan): string[] {
  const { root, links, path, agent, workspace } = plan;
  // Some files of the host's /etc are mounted over those in the made-up one, so they come after it.
  const binds: readonly Bind[] = [[plan.etc, '/etc'], ...plan.binds, [agent, AGENT]];
  const shares = diskShares(plan.diskBytes, workspace === undefined);
  const tmpfs = (place: string, bytes: number) => ['--size', String(bytes), '--perms', '1777', '--tmpfs', place];
  // The agent stays in the process group of bubblewrap, so that it can be killed with it even if it is stopped or is somebody
  // else's. That group has no terminal, and every program gets a session of its own from the agent.
  return [
    '--unshare-ipc', '--unshare-pid', '--unshare-net', '--unshare-uts', '--unshare-cgroup-try',
    '--die-with-parent', '--hostname', 'sandbox',
    '--clearenv', '--setenv', 'PATH', path, '--setenv', 'HOME', '/tmp', '--setenv', 'TMPDIR', '/tmp', '--setenv', 'LANG', 'C.UTF-8',
    ...(root ? asRoot : asUser(plan)),
    ...parents([...binds, ...plan.writable]).flatMap((folder) => ['--perms', '0755', '--dir', folder]),
    ...binds.flatMap(([host, inside]) => ['--ro-bind', host, inside]),
    ...plan.writable.flatMap(([host, inside]) => ['--bind', host, inside]),
    ...links.flatMap(([target, inside]) => ['--symlink', target, inside]),
    '--proc', '/proc',
    '--dev', '/dev', ...tmpfs('/dev/shm', shares.shm), '--remount-ro', '/dev',
    ...tmpfs('/tmp', shares.tmp),
    ...(workspace ? [workspace.access === 'readOnly' ? '--ro-bind' : '--bind', workspace.path, '/workspace'] : tmpfs('/workspace', shares.workspace)),
    '--remount-ro', '/',
    '--chdir', '/',
    '--as-pid-1',
  ];
}

/** The parent folders of all mounts, each after its own parent. bubblewrap would make them itself, but so that only their owner could enter them. */
function parents(binds: readonly Bind[]): string[] {
  const folders = new Set<string>();
  for (const [, inside] of binds) {
    for (let folder = dirname(inside); folder !== '/'; folder = dirname(folder)) folders.add(folder);
  }
  return [...folders].sort();
}

/** The options with which the agent, if the daemon is root, changes the user, and drops the three capabilities that this needs. */
export function becomeNobody({ root, user: { uid, gid } }: Pick<BubblewrapPlan, 'root' | 'user'>): string[] {
  return root ? ['--user', `${uid}:${gid}`] : [];
}

const asRoot = ['--cap-drop', 'ALL', '--cap-add', 'CAP_SETUID', '--cap-add', 'CAP_SETGID', '--cap-add', 'CAP_SETPCAP'];

const asUser = ({ forbidsUserNamespaces }: BubblewrapPlan): string[] => [
  '--unshare-user', ...(forbidsUserNamespaces ? ['--disable-userns'] : []),
  '--uid', String(NOBODY), '--gid', String(NOBODY), '--cap-drop', 'ALL',
];

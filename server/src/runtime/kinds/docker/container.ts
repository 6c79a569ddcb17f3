/** The options with which a sandbox's container is created: hardened in every way that needs nothing from the image. */
import type { AdjustableLimits, SandboxSpec, SharedFolder } from '../../ports.ts';
import type { User } from '../../workspace/user.ts';
import { AGENT, diskShares } from '../../agent/index.ts';
import { type ContainerOptions, engineLimits, type MountSettings } from './engine.ts';
import { hostThreads, processUlimit } from './gvisor.ts';

/** A sweep finds the containers of dead daemons by these labels. */
export const DAEMON_LABEL = 'codebeaker.daemon';
export const SESSION_LABEL = 'codebeaker.session';

const MAX_OPEN_FILES = 4096;
/** Each file in a tmpfs costs kernel memory, even an empty one. */
const MAX_INODES = 262_144;

/** The OCI runtime that runs the container. */
export interface OciRuntime {
  /** Its name in the engine. undefined: the engine's default. */
  readonly name: string | undefined;
  readonly gvisor: boolean;
}

export interface ContainerIdentity {
  readonly name: string;
  readonly daemonId: string;
  readonly oci: OciRuntime;
  readonly user: User;
  /** How many processors the engine's machine has. Absent: that is not known. */
  readonly processors?: number | undefined;
  /** The host folder that is mounted at /workspace. undefined: a tmpfs is there. */
  readonly workspace: SharedFolder | undefined;
  /** How the agent gets in, and how it is started. */
  readonly entrance: Entrance;
  /** The folders for which the image asks for a volume. */
  readonly volumes?: readonly string[];
}

/** What a container is made with so that the agent is in it. */
export interface Entrance {
  readonly mounts: readonly MountSettings[];
  /** The arguments of the agent. */
  readonly args: readonly string[];
  /** Whether the engine has to write /etc/hosts, since nothing is mounted there. */
  readonly engineNames: boolean;
}

/**
 * The agent is the container's first process. It ends when the connection to its stdin (`OpenStdin` with `StdinOnce`) is
 * closed, and `AutoRemove` then removes the container.
 */
export function containerOptions(spec: SandboxSpec, image: string, identity: ContainerIdentity): ContainerOptions {
  const { limits } = spec;
  const { workspace, entrance, user, volumes = [] } = identity;
  const { name, gvisor } = identity.oci;
  const temporary = ['/tmp', ...volumes];
  const shares = diskShares(limits.diskBytes, workspace === undefined, temporary.length);
  const tmpfs = (bytes: number) => `rw,exec,nosuid,nodev,mode=1777,uid=${user.uid},gid=${user.gid},size=${bytes},nr_inodes=${MAX_INODES}`;
  return {
    name: identity.name,
    Image: image,
    Entrypoint: [AGENT],
    Cmd: [...entrance.args],
    Env: ['HOME=/tmp', 'TMPDIR=/tmp'],
    WorkingDir: '/workspace',
    User: `${user.uid}:${user.gid}`,
    OpenStdin: true,
    StdinOnce: true,
    AttachStdin: true,
    AttachStdout: true,
    AttachStderr: true,
    Tty: false,
    NetworkDisabled: !entrance.engineNames,
    Healthcheck: { Test: ['NONE'] },
    StopSignal: 'SIGKILL',
    Labels: { [DAEMON_LABEL]: identity.daemonId, [SESSION_LABEL]: spec.name },
    HostConfig: {
      ...(name === undefined ? {} : { Runtime: name }),
      AutoRemove: true,
      Init: false,
      NetworkMode: 'none',
      // Otherwise the engine would tell the name servers of its host.
      ...(entrance.engineNames ? { Dns: ['127.0.0.1'], DnsSearch: ['.'] } : {}),
      IpcMode: 'private',
      ReadonlyRootfs: true,
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges'],
      Privileged: false,
      LogConfig: { Type: 'none', Config: {} },
      ...engineLimits(onMachine({ ...limits, pids: gvisor ? hostThreads(limits) : limits.pids }, identity.processors)),
      Ulimits: [
        ...(gvisor ? [processUlimit(limits)] : []),
        { Name: 'nofile', Soft: MAX_OPEN_FILES, Hard: MAX_OPEN_FILES },
        { Name: 'core', Soft: 0, Hard: 0 },
      ],
      ShmSize: shares.shm,
      Tmpfs: { ...Object.fromEntries(temporary.map((folder) => [folder, tmpfs(shares.tmp)])), ...(workspace ? {} : { '/workspace': tmpfs(shares.workspace) }) },
      Mounts: [...(workspace ? [mount(workspace)] : []), ...entrance.mounts],
    },
  };
}

/** The engine refuses a limit above what its machine has. No program gets more than that anyway. */
export function onMachine(limits: AdjustableLimits, processors = Infinity): AdjustableLimits {
  return { ...limits, cpus: Math.min(limits.cpus, processors) };
}

/** Docker makes only the folder's own file system read-only. So other file systems that are mounted below it are not mounted in the container. */
function mount({ path, access }: SharedFolder): MountSettings {
  const readOnly = access === 'readOnly';
  return { Type: 'bind', Source: path, Target: '/workspace', ReadOnly: readOnly, ...(readOnly ? { BindOptions: { Propagation: 'rprivate', NonRecursive: true } } : {}) };
}

/** The options with which a sandbox's container is created: hardened in every way that needs nothing from the image. */
import type { SandboxSpec, SharedFolder } from '../../ports.ts';
import type { User } from '../../workspace/user.ts';
import { fenced, newMark, prelude, seccompFilter } from '../../shell/index.ts';
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
  /** With this mark the first shell says that it is ready. */
  readonly mark: string;
  /** Of the engine's processor, as in `EngineInfo`. undefined: not known yet. */
  readonly architecture: string | undefined;
  readonly oci: OciRuntime;
  readonly user: User;
  /** The host folder that is mounted at /workspace. undefined: a tmpfs is there. */
  readonly workspace: SharedFolder | undefined;
  /** Further host folders that are mounted. */
  readonly mounts: readonly MountSettings[];
}

/** What has to be known of a container to start a shell in it. */
export type ShellPlace = Pick<ContainerIdentity, 'architecture' | 'oci'>;

/** The command that starts a held shell. */
export function shellCommand(place: ShellPlace, mark: string): readonly string[] {
  return confined(place, ['sh', '-c', prelude(place.architecture), 'sh', mark]);
}

/** Under gVisor the engine's system call filter does not hold for what is started by exec: each command is put behind a filter of our own. */
export function confined({ architecture, oci }: ShellPlace, command: readonly string[]): readonly string[] {
  return oci.gvisor ? fenced(command, architecture, seccompFilter, newMark()) : command;
}

/**
 * The container lives as long as the connection to its stdin (`OpenStdin` with `StdinOnce`): when that is closed, the
 * shell ends, and `AutoRemove` removes the container.
 */
export function containerOptions(spec: SandboxSpec, image: string, identity: ContainerIdentity): ContainerOptions {
  const { limits } = spec;
  const { workspace } = identity;
  const { name, gvisor } = identity.oci;
  const [program = '', ...words] = shellCommand(identity, identity.mark);
  const tmpfs = `rw,exec,nosuid,nodev,mode=1777,size=${limits.diskBytes},nr_inodes=${MAX_INODES}`;
  return {
    name: identity.name,
    Image: image,
    Entrypoint: [program],
    Cmd: words,
    Env: ['HOME=/tmp', 'TMPDIR=/tmp'],
    WorkingDir: '/workspace',
    User: `${identity.user.uid}:${identity.user.gid}`,
    OpenStdin: true,
    StdinOnce: true,
    AttachStdin: true,
    AttachStdout: true,
    AttachStderr: true,
    Tty: false,
    NetworkDisabled: true,
    Healthcheck: { Test: ['NONE'] },
    StopSignal: 'SIGKILL',
    Labels: { [DAEMON_LABEL]: identity.daemonId, [SESSION_LABEL]: spec.name },
    HostConfig: {
      ...(name === undefined ? {} : { Runtime: name }),
      AutoRemove: true,
      Init: true,
      NetworkMode: 'none',
      IpcMode: 'private',
      ReadonlyRootfs: true,
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges'],
      Privileged: false,
      LogConfig: { Type: 'none', Config: {} },
      ...engineLimits({ ...limits, pids: gvisor ? hostThreads(limits) : limits.pids }),
      Ulimits: [
        ...(gvisor ? [processUlimit(limits)] : []),
        { Name: 'nofile', Soft: MAX_OPEN_FILES, Hard: MAX_OPEN_FILES },
        { Name: 'core', Soft: 0, Hard: 0 },
      ],
      Tmpfs: { '/tmp': tmpfs, ...(workspace ? {} : { '/workspace': tmpfs }) },
      Mounts: [...(workspace ? [mount(workspace)] : []), ...identity.mounts],
    },
  };
}

/** Docker makes only the folder's own file system read-only. So other file systems that are mounted below it are not mounted in the container. */
function mount({ path, access }: SharedFolder): MountSettings {
  const readOnly = access === 'readOnly';
  return { Type: 'bind', Source: path, Target: '/workspace', ReadOnly: readOnly, ...(readOnly ? { BindOptions: { Propagation: 'rprivate', NonRecursive: true } } : {}) };
}

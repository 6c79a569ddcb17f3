/** What a sandbox's container is: hardened in every way that needs nothing from the image. */
import type { SandboxSpec, SharedFolder } from '../../ports.ts';
import type { User } from '../../workspace/user.ts';
import { fenced, newMark, prelude, seccompFilter } from '../../shell/index.ts';
import { type ContainerOptions, heldTo, type MountSettings } from './engine.ts';
import { hostThreads, processUlimit } from './gvisor.ts';

/** Labels: a sweep finds by them what nobody owns any more. */
export const DAEMON_LABEL = 'codebeaker.daemon';
export const SESSION_LABEL = 'codebeaker.session';

const MAX_OPEN_FILES = 4096;
/** A tmpfs of many tiny files costs kernel memory. */
const MAX_INODES = 262_144;

/** Who runs it. */
export interface OciRuntime {
  /** undefined: the engine's own choice. */
  readonly name: string | undefined;
  readonly gvisor: boolean;
}

export interface ContainerIdentity {
  readonly name: string;
  readonly daemonId: string;
  /** The prelude's opening mark. */
  readonly mark: string;
  /** Of the engine's processor, as in `EngineInfo`. undefined: not known yet. */
  readonly architecture: string | undefined;
  readonly oci: OciRuntime;
  readonly user: User;
  /** The host folder that is mounted there. */
  readonly workspace: SharedFolder | undefined;
  /** Host folders besides that one. */
  readonly mounts: readonly MountSettings[];
}

/** What of a container decides how its shells are started. */
export type ShellPlace = Pick<ContainerIdentity, 'architecture' | 'oci'>;

export function shellCommand(place: ShellPlace, mark: string): readonly string[] {
  return confined(place, ['sh', '-c', prelude(place.architecture), 'sh', mark]);
}

/** What starts by exec goes behind the fence on its own. */
export function confined({ architecture, oci }: ShellPlace, command: readonly string[]): readonly string[] {
  return oci.gvisor ? fenced(command, architecture, seccompFilter, newMark()) : command;
}

/** `openStdin` with `StdinOnce`: when the connection that holds stdin goes, the shell ends, and AutoRemove takes the container. */
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
      ...heldTo({ ...limits, pids: gvisor ? hostThreads(limits) : limits.pids }),
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

/** Read-only holds for the folder's own file system alone: what is mounted below it stays outside. */
function mount({ path, access }: SharedFolder): MountSettings {
  const readOnly = access === 'readOnly';
  return { Type: 'bind', Source: path, Target: '/workspace', ReadOnly: readOnly, ...(readOnly ? { BindOptions: { Propagation: 'rprivate', NonRecursive: true } } : {}) };
}

/** Places of the host that are never shared with a sandbox: system folders, sockets that give control of the host, and keys. */
import { isAbsolute, join } from 'node:path';
import { type BaseFolder, ownFolder } from './own-folder.ts';

const system = [
  '/proc', '/sys', '/dev', '/run', '/var/run', '/etc', '/boot',
  '/var/lib/docker', '/var/lib/containerd', '/var/lib/containers', '/var/lib/kubelet',
];

/** Folders in the user's home. Besides keys, some of them contain the sockets of container engines. */
const personal = ['.ssh', '.gnupg', '.aws', '.azure', '.kube', '.docker', '.colima', '.lima', '.orbstack', '.rd', '.config/gcloud'];

/** The daemon trusts the files in its own folders, and runs the code that is in the cache folder. */
const own: readonly BaseFolder[] = ['XDG_CONFIG_HOME', 'XDG_STATE_HOME', 'XDG_CACHE_HOME'];

/** Environment variables whose value is the path of a confidential folder, file or socket. */
const named = ['DOCKER_CONFIG', 'DOCKER_CERT_PATH', 'GNUPGHOME', 'SSH_AUTH_SOCK', 'XDG_RUNTIME_DIR'];

export interface HiddenSources {
  /** The environment of the daemon. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  /** The folder of the state file, if the configuration sets one. */
  readonly stateFolder: string | undefined;
  /** Where the heads of the audit log lie, if the configuration says so. */
  readonly auditAnchor?: string | undefined;
  /** The socket of the Docker engine, if it has one on this machine. */
  readonly engineSocket: string | undefined;
}

export function hiddenPlaces({ env, home, stateFolder, auditAnchor, engineSocket }: HiddenSources): string[] {
  return [
    ...system,
    ...personal.map((name) => join(home, name)),
    ...own.map((base) => ownFolder(base, { env, home })),
    ...[...named.map((name) => env[name]), stateFolder, auditAnchor, engineSocket].filter(isPath),
  ];
}

function isPath(path: string | undefined): path is string {
  return path !== undefined && isAbsolute(path);
}

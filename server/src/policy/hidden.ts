/** What no sandbox ever sees: the system's own folders, sockets that give the machine away, and the keys of a person. */
import { isAbsolute, join } from 'node:path';
import { type BaseFolder, ownFolder } from './own-folder.ts';

const system = [
  '/proc', '/sys', '/dev', '/run', '/var/run', '/etc', '/boot',
  '/var/lib/docker', '/var/lib/containerd', '/var/lib/containers', '/var/lib/kubelet',
];

/** Below the home. In some of them engines keep their sockets. */
const personal = ['.ssh', '.gnupg', '.aws', '.azure', '.kube', '.docker', '.colima', '.lima', '.orbstack', '.rd', '.config/gcloud'];

/** What lies in them is believed, and the code in the last is run. */
const own: readonly BaseFolder[] = ['XDG_CONFIG_HOME', 'XDG_STATE_HOME', 'XDG_CACHE_HOME'];

/** Environment variables that name a secret place: a folder, a file or a socket. */
const named = ['DOCKER_CONFIG', 'DOCKER_CERT_PATH', 'GNUPGHOME', 'SSH_AUTH_SOCK', 'XDG_RUNTIME_DIR'];

export interface HiddenSources {
  /** The daemon's. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  /** Where the daemon keeps what it remembers, if not at the usual place. */
  readonly stateFolder: string | undefined;
  /** Of the Docker engine, where it has one on this machine. */
  readonly engineSocket: string | undefined;
}

export function hiddenPlaces({ env, home, stateFolder, engineSocket }: HiddenSources): string[] {
  return [
    ...system,
    ...personal.map((name) => join(home, name)),
    ...own.map((base) => ownFolder(base, { env, home })),
    ...[...named.map((name) => env[name]), stateFolder, engineSocket].filter(isPath),
  ];
}

function isPath(path: string | undefined): path is string {
  return path !== undefined && isAbsolute(path);
}

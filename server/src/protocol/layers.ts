/** The layers of isolation by name, and what each of them means when it is enforced. */
import type { Layer } from './values.ts';

/** A runtime reports those that it has. */
export const layerNames = {
  user: 'Programs run as a user without rights of its own, and not as the superuser or as the user of the daemon.',
  capabilities: 'Programs have no capabilities.',
  noNewPrivileges: 'Set-user-ID programs gain nothing.',
  seccomp: 'Dangerous system calls are denied.',
  verdicts: 'No program can change what is told of another one.',
  processes: 'Programs see and signal only processes of the sandbox. With `deno` alone: they can start none.',
  filesystem: 'Of all files, only `/workspace`, `/tmp` and `/dev/shm` can be written.',
  network: 'Only what the network mode allows can be reached.',
  memory: 'The limit `memoryBytes` holds.',
  cpu: 'The limit `cpus` holds.',
  pids: 'The limit `pids` holds.',
  disk: 'The limit `diskBytes` holds.',
  kernel: 'The kernel is not that of the host. Only runtimes that promise this have the layer.',
  permissions: 'Deno’s own permissions hold as well. Only `deno` has it, in bubblewrap.',
  versions: 'No program that makes the sandbox has a hole that is known. The layer is there only where that does not hold, and is `degraded` then. `requirements.enforced` of `runtime/select` may name it all the same: it is met where the versions are known and none of them has, or may have, a hole that code in a sandbox can use.',
  secrets: 'Secrets that are bound to hosts are put into requests outside of the sandbox. Only a session that has such secrets has the layer.',
  environment: 'Programs see none of the daemon’s environment. Only `deno` alone has it; in the other runtimes it is a part of the sandbox.',
} as const;
export type LayerName = keyof typeof layerNames;

/** A layer as the daemon reports it. A client may also meet the layers of later versions. */
export type KnownLayer = Layer & { readonly name: LayerName };

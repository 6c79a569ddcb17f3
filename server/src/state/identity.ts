/** The identity of this machine. What was remembered on another machine must not be used on this one. */
import { readFileSync } from 'node:fs';
import { cpus, hostname, release } from 'node:os';
import * as z from 'zod/mini';
import { digest } from '../base/digest.ts';

export const MachineIdentity = z.object({
  /** A digest of the machine's id, because that id itself is confidential (see machine-id(5)). */
  machine: z.string(),
  kernel: z.string(),
  cpu: z.string(),
  cores: z.number(),
});
export type MachineIdentity = z.infer<typeof MachineIdentity>;

export function machineIdentity(): MachineIdentity {
  const cores = cpus();
  return {
    machine: digest(`codebeaker ${machineId()}`),
    kernel: release(),
    cpu: cores[0]?.model ?? '',
    cores: cores.length,
  };
}

/** A machine whose kernel or processor has changed counts as another machine. */
export function isSameMachine(one: MachineIdentity, other: MachineIdentity): boolean {
  return (['machine', 'kernel', 'cpu', 'cores'] as const).every((key) => one[key] === other[key]);
}

/** In a container the file may be empty or missing; then the name of the host is used. */
function machineId(): string {
  try {
    return readFileSync('/etc/machine-id', 'utf8').trim() || hostname();
  } catch {
    return hostname();
  }
}

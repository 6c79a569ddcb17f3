/** Which machine this is: what was found on another one says nothing here. */
import { readFileSync } from 'node:fs';
import { cpus, hostname, release } from 'node:os';
import * as z from 'zod/mini';
import { digest } from '../base/digest.ts';

export const MachineIdentity = z.object({
  /** A digest: the machine's id itself is nobody's business. */
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

/** A machine with another kernel or processor counts as another one. */
export function isSameMachine(one: MachineIdentity, other: MachineIdentity): boolean {
  return (['machine', 'kernel', 'cpu', 'cores'] as const).every((key) => one[key] === other[key]);
}

/** A container that was made from an image may have an empty one. */
function machineId(): string {
  try {
    return readFileSync('/etc/machine-id', 'utf8').trim() || hostname();
  } catch {
    return hostname();
  }
}

/** Which machine this is: what was found on another one says nothing here. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { cpus, hostname, release } from 'node:os';
import * as z from 'zod/mini';

export const HostIdentity = z.object({
  /** A digest: the machine's id itself is nobody's business. */
  machine: z.string(),
  kernel: z.string(),
  cpu: z.string(),
  cores: z.number(),
});
export type HostIdentity = z.infer<typeof HostIdentity>;

export async function hostIdentity(): Promise<HostIdentity> {
  // A container that was made from an image may have an empty one.
  const id = (await readFile('/etc/machine-id', 'utf8').catch(() => '')).trim() || hostname();
  const cores = cpus();
  return {
    machine: createHash('sha256').update(`codebeaker ${id}`).digest('hex').slice(0, 32),
    kernel: release(),
    cpu: cores[0]?.model ?? '',
    cores: cores.length,
  };
}

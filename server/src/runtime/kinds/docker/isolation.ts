/** What a container really enforces: its own facts, read from inside, against what was asked. */
import type { Isolation, Layer } from '../../../protocol/index.ts';
import type { SandboxSpec } from '../../ports.ts';
import { type Facts, layers } from '../../shell/index.ts';
import { HOST_KERNEL_SCORE } from './kinds.ts';

/** What is expected of it: its kind's score, and that of the host's kernel, whose release is empty where nobody says. */
export interface Expected {
  readonly score: number;
  readonly hostKernel: string;
}

/** Where the host's kernel is the sandbox's there is no more than a container's score. */
export function containerIsolation(facts: Facts, spec: SandboxSpec, { score, hostKernel }: Expected): Isolation {
  const ownKernel = facts.gvisor || (hostKernel !== '' && facts.kernel !== undefined && facts.kernel !== hostKernel);
  return layers.isolationOf(Math.min(score, ownKernel ? 10 : HOST_KERNEL_SCORE), [
    ...(ownKernel || score > HOST_KERNEL_SCORE ? [kernel(ownKernel, facts)] : []),
    layers.user(facts),
    layers.capabilities(facts),
    // gVisor does not say: it honours no set-user-ID bit in any case.
    layers.noNewPrivileges(facts.noNewPrivs ?? facts.gvisor),
    // A filter is there to keep code from the host's kernel.
    ...(ownKernel && facts.seccomp !== 2 ? [] : [layers.seccomp(facts, facts.gvisor ? 'a filter of our own' : "the engine's system call filter")]),
    layers.filesystem(facts, 'root is read-only'),
    layers.network(facts),
    ...(facts.gvisor ? gvisorLimits(facts, spec) : kernelLimits(facts, spec)),
    layers.disk(facts, spec),
  ]);
}

function kernel(own: boolean, { gvisor, kernel: release }: Facts): Layer {
  if (!own) return { name: 'kernel', state: 'off', detail: "it shares the host's kernel" };
  return { name: 'kernel', state: 'enforced', detail: gvisor ? 'system calls are answered by gVisor' : `its own, ${release}` };
}

const NOT_SET = 'the engine did not set the limit';

function kernelLimits(facts: Facts, { limits }: SandboxSpec): Layer[] {
  return [
    layers.limit('memory', facts.memoryBytes, limits.memoryBytes, 'bytes', NOT_SET),
    layers.limit('cpu', facts.cpus, limits.cpus, 'cores', NOT_SET),
    layers.limit('pids', facts.pids, limits.pids, 'processes', NOT_SET),
  ];
}

/**
 * The cgroup files in there are gVisor's own and bind nothing. What it calls all of its memory is read from the host's
 * cgroup that holds it; and it does not start unless that cgroup has taken every limit, so the processor's is there
 * when the memory's is.
 */
function gvisorLimits(facts: Facts, { limits }: SandboxSpec): Layer[] {
  const total = facts.totalMemoryBytes ?? Infinity;
  const bound = layers.within(total, limits.memoryBytes);
  return [
    layers.layer('memory', bound, `${total} bytes; more ends the sandbox`),
    layers.layer('cpu', bound, `${limits.cpus} cores, by the cgroup that bounds the memory`),
    gvisorPids(facts, limits.pids),
  ];
}

/** Who can make a user namespace gets round a limit of its user's. What holds then is the engine's, which ends the sandbox. */
function gvisorPids(facts: Facts, asked: number): Layer {
  const pids = layers.limit('pids', facts.perProcess.processes, asked, "of its user's processes", NOT_SET);
  if (facts.seccomp === 2 || pids.state === 'off') return pids;
  return { ...pids, state: 'degraded', detail: 'user namespaces escape it' };
}

/** What a container really enforces: what was found in force inside is compared with what was asked for. */
import type { Isolation, KnownLayer, LayerName, RuntimeInfo } from '../../../protocol/index.ts';
import type { SandboxSpec } from '../../ports.ts';
import { type Facts, layers } from '../../agent/index.ts';
import { HOST_KERNEL_SCORE } from './kinds.ts';

export interface Expected {
  /** The score of the container's kind, of 10. */
  readonly score: number;
  /** The release of the kernel of the engine's host; empty where the engine does not say. */
  readonly hostKernel: string;
}

const GVISOR = 'system calls are answered by gVisor';

/** What a container on a healthy engine enforces. The isolation of a sandbox says what it really got. */
export function expectedLayers(score: number, gvisor: boolean): RuntimeInfo['isolation']['layers'] {
  const kernel = gvisor || score > HOST_KERNEL_SCORE;
  const own: LayerName[] = kernel ? ['kernel'] : [];
  const shared: LayerName[] = kernel ? [] : ['seccomp'];
  const names: LayerName[] = [...own, 'user', 'capabilities', 'noNewPrivileges', ...shared, 'verdicts', 'filesystem', 'network', 'memory', 'cpu', 'pids', 'disk'];
  return names.map((name) => ({ name, state: 'enforced', ...(gvisor && name === 'kernel' ? { detail: GVISOR } : {}) }));
}

/** A container that shares the host's kernel gets no more than `HOST_KERNEL_SCORE`, whatever its kind promises. */
export function containerIsolation(facts: Facts, spec: SandboxSpec, { score, hostKernel }: Expected): Isolation {
  const ownKernel = facts.gvisor || (hostKernel !== '' && facts.kernel !== undefined && facts.kernel !== hostKernel);
  return layers.isolationOf(Math.min(score, ownKernel ? 10 : HOST_KERNEL_SCORE), [
    ...(ownKernel || score > HOST_KERNEL_SCORE ? [kernel(ownKernel, facts)] : []),
    layers.user(facts),
    layers.capabilities(facts),
    // gVisor does not report it, but it ignores set-user-ID bits in any case.
    layers.noNewPrivileges(facts.noNewPrivs ?? facts.gvisor),
    // The filter protects the host's kernel: a sandbox with a kernel of its own does without.
    ...(ownKernel && facts.seccomp !== 2 ? [] : [layers.seccomp(facts)]),
    layers.verdicts(facts),
    layers.filesystem(facts, 'root is read-only'),
    layers.network(facts),
    ...(facts.gvisor ? gvisorLimits(facts, spec) : kernelLimits(facts, spec)),
    layers.disk(facts, spec),
  ]);
}

function kernel(own: boolean, { gvisor, kernel: release }: Facts): KnownLayer {
  if (!own) return { name: 'kernel', state: 'off', detail: "it shares the host's kernel" };
  return { name: 'kernel', state: 'enforced', detail: gvisor ? GVISOR : `its own, ${release}` };
}

const NOT_SET = 'the engine did not set the limit';

function kernelLimits(facts: Facts, { limits }: SandboxSpec): KnownLayer[] {
  return [
    layers.limit('memory', facts.memoryBytes, limits.memoryBytes, 'bytes', NOT_SET),
    layers.limit('cpu', facts.cpus, limits.cpus, 'cores', NOT_SET),
    layers.limit('pids', facts.pids, limits.pids, 'processes', NOT_SET),
  ];
}

/**
 * The cgroup files inside are gVisor's own, and limit nothing. But gVisor takes the limit of the host's cgroup as the size
 * of its whole memory, so that this limit can be read inside. gVisor does not start unless the cgroup has accepted every
 * limit: where the limit of memory is in force, that of the processor is, too.
 */
function gvisorLimits(facts: Facts, { limits }: SandboxSpec): KnownLayer[] {
  const total = facts.totalMemoryBytes ?? Infinity;
  const bound = layers.within(total, limits.memoryBytes);
  return [
    layers.layer('memory', bound, `${total} bytes; more ends the sandbox`),
    layers.layer('cpu', bound, `${limits.cpus} cores, by the cgroup that bounds the memory`),
    gvisorPids(facts, limits.pids),
  ];
}

/** The limit counts the processes of a user, and a program that can make a user namespace escapes it. Then only the engine's limit holds, which ends the sandbox. */
function gvisorPids(facts: Facts, asked: number): KnownLayer {
  const pids = layers.limit('pids', facts.perProcess.processes, asked, "of its user's processes", NOT_SET);
  if (facts.seccomp === 2 || pids.state === 'off') return pids;
  return { ...pids, state: 'degraded', detail: 'user namespaces escape it' };
}

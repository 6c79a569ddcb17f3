/** What a container really enforces: its own facts, read from inside, against what was asked. */
import type { Isolation, Layer } from '../../../protocol/index.ts';
import type { SandboxSpec } from '../../ports.ts';
import type { Facts } from '../../shell/facts.ts';
import { HOST_KERNEL_SCORE } from './kinds.ts';

/** What is expected of it: its kind's score, and that of the host's kernel, whose release is empty where nobody says. */
export interface Expected {
  readonly score: number;
  readonly hostKernel: string;
}

/** Each layer that is missing costs one. Where the host's kernel is the sandbox's there is no more than a container's score. */
export function containerIsolation(facts: Facts, spec: SandboxSpec, { score, hostKernel }: Expected): Isolation {
  const ownKernel = facts.gvisor || (hostKernel !== '' && facts.kernel !== undefined && facts.kernel !== hostKernel);
  const layers: Layer[] = [
    ...(ownKernel || score > HOST_KERNEL_SCORE ? [kernel(ownKernel, facts)] : []),
    layer('user', facts.uid > 0, `uid ${facts.uid}`),
    layer('capabilities', facts.noCapabilities, 'all dropped'),
    noNewPrivileges(facts),
    // A filter is there to keep code from the host's kernel.
    ...(ownKernel && facts.seccomp !== 2 ? [] : [layer('seccomp', facts.seccomp === 2, facts.gvisor ? 'a filter of our own' : "the engine's system call filter")]),
    layer('filesystem', facts.mounts.get('/')?.options.includes('ro') ?? false, 'root is read-only'),
    layer('network', alone(facts.interfaces), 'no interface but loopback'),
    ...(facts.gvisor ? gvisorLimits(facts, spec) : kernelLimits(facts, spec)),
    disk(facts, spec),
  ];
  const missing = layers.filter(({ state }) => state !== 'enforced').length;
  return { score: Math.max(1, Math.min(score, ownKernel ? 10 : HOST_KERNEL_SCORE) - missing), layers };
}

function kernel(own: boolean, { gvisor, kernel: release }: Facts): Layer {
  if (!own) return { name: 'kernel', state: 'off', detail: "it shares the host's kernel" };
  return { name: 'kernel', state: 'enforced', detail: gvisor ? 'system calls are answered by gVisor' : `its own, ${release}` };
}

/** gVisor does not say: it honours no set-user-ID bit in any case. */
function noNewPrivileges({ noNewPrivs, gvisor }: Facts): Layer {
  return layer('noNewPrivileges', noNewPrivs ?? gvisor, 'set-user-ID programs gain nothing');
}

function kernelLimits(facts: Facts, { limits }: SandboxSpec): Layer[] {
  return [
    limit('memory', facts.memoryBytes, limits.memoryBytes, 'bytes'),
    limit('cpu', facts.cpus, limits.cpus, 'cores'),
    limit('pids', facts.pids, limits.pids, 'processes'),
  ];
}

/**
 * The cgroup files in there are gVisor's own and bind nothing. What it calls all of its memory is read from the host's
 * cgroup that holds it; and it does not start unless that cgroup has taken every limit, so the processor's is there
 * when the memory's is.
 */
function gvisorLimits(facts: Facts, { limits }: SandboxSpec): Layer[] {
  const total = facts.totalMemoryBytes ?? Infinity;
  const bound = total <= limits.memoryBytes * 1.01;
  return [
    layer('memory', bound, `${total} bytes; more ends the sandbox`),
    layer('cpu', bound, `${limits.cpus} cores, by the cgroup that bounds the memory`),
    gvisorPids(facts, limits.pids),
  ];
}

/** Who can make a user namespace gets round a limit of its user's. What holds then is the engine's, which ends the sandbox. */
function gvisorPids({ perProcess, seccomp }: Facts, asked: number): Layer {
  const pids = limit('pids', perProcess.processes, asked, "of its user's processes");
  if (seccomp === 2 || pids.state === 'off') return pids;
  return { ...pids, state: 'degraded', detail: 'user namespaces escape it' };
}

/** Kernels with tunnel modules put one end of each, down, into every network namespace. Nobody is at the other end. */
const UNCONNECTED = /^(?:lo|tunl0|sit0|gre0|gretap0|erspan0|ip6tnl0|ip6gre0|ip_vti0|ip6_vti0)$/;

function alone(interfaces: readonly string[]): boolean {
  return interfaces.includes('lo') && interfaces.every((name) => UNCONNECTED.test(name));
}

function layer(name: string, holds: boolean, detail: string): Layer {
  return holds ? { name, state: 'enforced', detail } : { name, state: 'off' };
}

function limit(name: string, found: number | undefined, asked: number, unit: string): Layer {
  if (found === undefined) return { name, state: 'off', detail: 'the engine did not set the limit' };
  const holds = found <= asked * 1.01;
  return { name, state: holds ? 'enforced' : 'degraded', detail: `${found} ${unit}` };
}

/** /tmp is always a tmpfs of the limit's size; so is /workspace unless a host folder is there. */
function disk(facts: Facts, { limits, workspace }: SandboxSpec): Layer {
  if (workspace?.access === 'readWrite') return { name: 'disk', state: 'off', detail: 'the shared folder has no limit' };
  const places = workspace?.access === 'readOnly' ? ['/tmp'] : ['/workspace', '/tmp'];
  const holds = places.every((place) => {
    const mount = facts.mounts.get(place);
    const [, size, kib] = /^size=(\d+)(k?)$/.exec(mount?.options.find((option) => option.startsWith('size=')) ?? '') ?? [];
    return mount?.type === 'tmpfs' && Number(size) * (kib ? 1024 : 1) <= limits.diskBytes + 4096;
  });
  return layer('disk', holds, `${limits.diskBytes} bytes in each of ${places.join(' and ')}, counted as memory`);
}

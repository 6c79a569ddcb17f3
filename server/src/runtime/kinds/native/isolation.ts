/** What a native sandbox really enforces: its own facts, read from inside, against what was asked. */
import type { Isolation, Layer } from '../../../protocol/index.ts';
import type { SandboxSpec } from '../../ports.ts';
import type { Facts } from '../../shell/facts.ts';

/** Of 10: as with a container, the kernel is the host's; and so are the programs. Each layer that is less costs one. */
export const NATIVE_SCORE = 6;
const LEAST = 1;

export function nativeIsolation(facts: Facts, spec: SandboxSpec): Isolation {
  const { limits } = spec;
  const { member, perProcess } = facts;
  const inGroup = (name: string) => member.has(name) || member.has('.');
  const layers: Layer[] = [
    layer('user', facts.uid > 0, `uid ${facts.uid}`),
    layer('capabilities', facts.noCapabilities, 'all dropped'),
    layer('noNewPrivileges', facts.noNewPrivs === true, 'set-user-ID programs gain nothing'),
    layer('seccomp', facts.seccomp === 2, 'a filter of dangerous system calls'),
    layer('processes', facts.pid < FEW_PROCESSES, 'a process namespace of its own'),
    layer('filesystem', facts.mounts.get('/')?.options.includes('ro') ?? false, "read-only, and of the host's nothing but its programs"),
    layer('network', facts.interfaces.includes('lo') && facts.interfaces.length === facts.interfaces.filter(unconnected).length, 'no interface but loopback'),
    limit('memory', inGroup('memory') ? facts.memoryBytes : undefined, limits.memoryBytes, 'bytes', {
      name: 'memory', bound: perProcess.dataBytes, words: 'bytes for each process; not for all of them together',
    }),
    limit('cpu', inGroup('cpu') ? facts.cpus : undefined, limits.cpus, 'cores'),
    limit('pids', inGroup('pids') ? facts.pids : undefined, limits.pids, 'processes', {
      name: 'pids', bound: perProcess.processes, words: 'processes in a user namespace of its own',
    }),
    disk(facts, spec),
  ];
  const missing = layers.filter(({ state }) => state !== 'enforced').length;
  return { score: Math.max(LEAST, NATIVE_SCORE - missing), layers };
}

/** In a process namespace of its own the first shell is among the first processes. */
const FEW_PROCESSES = 32;

/** Kernels with tunnel modules put one end of each, down, into every network namespace. */
function unconnected(name: string): boolean {
  return /^(?:lo|tunl0|sit0|gre0|gretap0|erspan0|ip6tnl0|ip6gre0|ip_vti0|ip6_vti0)$/.test(name);
}

function layer(name: string, holds: boolean, detail: string): Layer {
  return holds ? { name, state: 'enforced', detail } : { name, state: 'off' };
}

interface Fallback {
  readonly name: string;
  readonly bound: number | undefined;
  readonly words: string;
}

function limit(name: string, found: number | undefined, asked: number, unit: string, fallback?: Fallback): Layer {
  if (found !== undefined) return { name, state: found <= asked * 1.01 ? 'enforced' : 'degraded', detail: `${found} ${unit}` };
  if (fallback?.bound !== undefined && fallback.bound <= asked) return { name, state: 'degraded', detail: `${fallback.bound} ${fallback.words}` };
  return { name, state: 'off', detail: 'this host lets us set no control group' };
}

function disk(facts: Facts, { limits, workspace }: SandboxSpec): Layer {
  if (workspace?.access === 'readWrite') return { name: 'disk', state: 'off', detail: 'the shared folder has no limit' };
  const places = workspace?.access === 'readOnly' ? ['/tmp'] : ['/workspace', '/tmp'];
  const holds = places.every((place) => {
    const mount = facts.mounts.get(place);
    const kib = Number(/^size=(\d+)k$/.exec(mount?.options.find((option) => option.startsWith('size=')) ?? '')?.[1]);
    return mount?.type === 'tmpfs' && kib * 1024 <= limits.diskBytes + 4096;
  });
  return layer('disk', holds, `${limits.diskBytes} bytes in each of ${places.join(' and ')}, counted as memory`);
}

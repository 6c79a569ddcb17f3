/** What a container really enforces: its own facts, read from inside, against what was asked. */
import type { Isolation, Layer } from '../../protocol/index.ts';
import type { SandboxSpec } from '../ports.ts';
import type { Facts } from '../shell/facts.ts';

/** Of 10: a container shares the host's kernel. Each layer that is missing costs one. */
const CONTAINER_SCORE = 7;

export function containerIsolation(facts: Facts, spec: SandboxSpec): Isolation {
  const { limits } = spec;
  const layers: Layer[] = [
    layer('user', facts.uid > 0, `uid ${facts.uid}`),
    layer('capabilities', facts.noCapabilities, 'all dropped'),
    layer('noNewPrivileges', facts.noNewPrivs, 'set-user-ID programs gain nothing'),
    layer('seccomp', facts.seccomp === 2, "the engine's system call filter"),
    layer('filesystem', facts.mounts.get('/')?.options.includes('ro') ?? false, 'root is read-only'),
    layer('network', alone(facts.interfaces), 'no interface but loopback'),
    limit('memory', facts.memoryBytes, limits.memoryBytes, 'bytes'),
    limit('cpu', facts.cpus, limits.cpus, 'cores'),
    limit('pids', facts.pids, limits.pids, 'processes'),
    disk(facts, spec),
  ];
  const missing = layers.filter(({ state }) => state !== 'enforced').length;
  return { score: Math.max(1, CONTAINER_SCORE - missing), layers };
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
    const kib = Number(/^size=(\d+)k$/.exec(mount?.options.find((option) => option.startsWith('size=')) ?? '')?.[1]);
    return mount?.type === 'tmpfs' && kib * 1024 <= limits.diskBytes + 4096;
  });
  return layer('disk', holds, `${limits.diskBytes} bytes in each of ${places.join(' and ')}, counted as memory`);
}

/** The layers of isolation, one function each: what a sandbox's own facts say of it, against what was asked. */
import type { Isolation, Layer } from '../../protocol/index.ts';
import type { SandboxSpec } from '../ports.ts';
import type { Facts } from './facts.ts';

const PAGE_BYTES = 4096;
/** In a process namespace of its own the first shell is among the first processes. */
const FEW_PROCESSES = 32;
/** Kernels with tunnel modules put one end of each, down, into every network namespace. Nobody is at the other end. */
const UNCONNECTED = /^(?:lo|tunl0|sit0|gre0|gretap0|erspan0|ip6tnl0|ip6gre0|ip_vti0|ip6_vti0)$/;

/** Each layer that is not enforced costs one point. */
export function isolationOf(score: number, layers: readonly Layer[]): Isolation {
  const missing = layers.filter(({ state }) => state !== 'enforced').length;
  return { score: Math.max(1, score - missing), layers: [...layers] };
}

/** All or nothing. */
export function layer(name: string, holds: boolean, detail: string): Layer {
  return holds ? { name, state: 'enforced', detail } : { name, state: 'off' };
}

/** What is in force may be a little more than what was asked for: kernels round. */
export function within(found: number, asked: number): boolean {
  return found <= asked * 1.01;
}

/** `missing`: what is said where none was found. */
export function limit(name: string, found: number | undefined, asked: number, unit: string, missing: string): Layer {
  if (found === undefined) return { name, state: 'off', detail: missing };
  return { name, state: within(found, asked) ? 'enforced' : 'degraded', detail: `${found} ${unit}` };
}

export function user({ uid }: Facts): Layer {
  return layer('user', uid > 0, `uid ${uid}`);
}

export function capabilities({ noCapabilities }: Facts): Layer {
  return layer('capabilities', noCapabilities, 'all dropped');
}

export function noNewPrivileges(holds: boolean): Layer {
  return layer('noNewPrivileges', holds, 'set-user-ID programs gain nothing');
}

/** `detail`: whose filter it is. */
export function seccomp(facts: Facts, detail: string): Layer {
  return layer('seccomp', facts.seccomp === 2, detail);
}

export function processes({ pid }: Facts): Layer {
  return layer('processes', pid < FEW_PROCESSES, 'a process namespace of its own');
}

export function filesystem({ mounts }: Facts, detail: string): Layer {
  return layer('filesystem', mounts.get('/')?.options.includes('ro') ?? false, detail);
}

export function network({ interfaces }: Facts): Layer {
  const alone = interfaces.includes('lo') && interfaces.every((name) => UNCONNECTED.test(name));
  return layer('network', alone, 'no interface but loopback');
}

/** /tmp is always a tmpfs of the limit's size; so is /workspace unless a host folder is there. */
export function disk({ mounts }: Facts, { limits, workspace }: Pick<SandboxSpec, 'limits' | 'workspace'>): Layer {
  if (workspace?.access === 'readWrite') return { name: 'disk', state: 'off', detail: 'the shared folder has no limit' };
  const places = workspace?.access === 'readOnly' ? ['/tmp'] : ['/workspace', '/tmp'];
  const holds = places.every((place) => {
    const { type, options = [] } = mounts.get(place) ?? {};
    const [, size, kib] = options.map((option) => /^size=(\d+)(k?)$/.exec(option)).find(Boolean) ?? [];
    return type === 'tmpfs' && Number(size) * (kib ? 1024 : 1) <= limits.diskBytes + PAGE_BYTES;
  });
  return layer('disk', holds, `${limits.diskBytes} bytes in each of ${places.join(' and ')}, counted as memory`);
}

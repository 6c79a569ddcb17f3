/** The layers of isolation, with one function for each: it compares what was found in force inside a sandbox with what was asked for. */
import { posix } from 'node:path';
import type { Isolation, KnownLayer, LayerName } from '../../protocol/index.ts';
import { SHELF } from '../packages.ts';
import type { SandboxSpec } from '../ports.ts';
import { AGENT } from './binary.ts';
import type { Facts } from './facts.ts';

const PAGE_BYTES = 4096;
/** In a process namespace of its own, the agent has one of the first process ids. */
const FEW_PROCESSES = 32;
/** From this version on, the agent starts each program in a domain of its own. */
const LANDLOCK_WITH_DOMAINS = 2;
/** Kernels with modules for tunnels put an interface of each kind into every network namespace. They are down, and lead nowhere. */
const UNCONNECTED = /^(?:lo|tunl0|sit0|gre0|gretap0|erspan0|ip6tnl0|ip6gre0|ip_vti0|ip6_vti0)$/;

/** The isolation with these layers. `score` is reduced by one for each layer that is not enforced, down to 1. */
export function isolationOf(score: number, layers: readonly KnownLayer[]): Isolation {
  const missing = layers.filter(({ state }) => state !== 'enforced').length;
  return { score: Math.max(1, score - missing), layers: [...layers] };
}

/** A layer that is either enforced or off. */
export function layer(name: LayerName, holds: boolean, detail: string): KnownLayer {
  return holds ? { name, state: 'enforced', detail } : { name, state: 'off' };
}

/** Whether a limit that was found is what was asked for. It may be one percent more, because kernels round. */
export function within(found: number, asked: number): boolean {
  return found <= asked * 1.01;
}

/** A layer that is a number. `found` undefined: no limit is in force, and the detail is `missing`. */
export function limit(name: LayerName, found: number | undefined, asked: number, unit: string, missing: string): KnownLayer {
  if (found === undefined) return { name, state: 'off', detail: missing };
  return { name, state: within(found, asked) ? 'enforced' : 'degraded', detail: `${found} ${unit}` };
}

export function user({ uid }: Facts): KnownLayer {
  return layer('user', uid > 0, `uid ${uid}`);
}

export function capabilities({ noCapabilities }: Facts): KnownLayer {
  return layer('capabilities', noCapabilities, 'all dropped');
}

export function noNewPrivileges(holds: boolean): KnownLayer {
  return layer('noNewPrivileges', holds, 'set-user-ID programs gain nothing');
}

export function seccomp(facts: Facts): KnownLayer {
  return layer('seccomp', facts.seccomp === 2, 'a filter of dangerous system calls');
}

/** What is told of a command is what the kernel told the agent, if no program can get into the agent. Where one can end it, the session is lost, and nothing wrong is told. */
export function verdicts({ agent, gvisor }: Facts): KnownLayer {
  const name = 'verdicts';
  if (!agent.closed) return { name, state: 'degraded', detail: "a program can change the agent's memory" };
  const details = [
    agent.first && !gvisor ? 'no program can signal, trace or change the agent' : 'no program can trace or change the agent; one that ends it ends the session',
    ...(agent.private ? [] : ["the agent's environment can be read"]),
    ...(agent.landlock >= LANDLOCK_WITH_DOMAINS ? ['no command can trace another'] : []),
  ];
  return { name, state: 'enforced', detail: details.join('; ') };
}

export function processes({ pid }: Facts): KnownLayer {
  return layer('processes', pid < FEW_PROCESSES, 'a process namespace of its own');
}

export function filesystem({ mounts }: Facts, detail: string): KnownLayer {
  return layer('filesystem', mounts.get('/')?.options.includes('ro') ?? false, detail);
}

export function network({ interfaces }: Facts): KnownLayer {
  const alone = interfaces.includes('lo') && interfaces.every((name) => UNCONNECTED.test(name));
  return layer('network', alone, 'no interface but loopback');
}

/** Everything that can be written must be a tmpfs, and all of them together no larger than the limit. */
export function disk(facts: Facts, { limits, workspace }: Pick<SandboxSpec, 'limits' | 'workspace'>): KnownLayer {
  const name = 'disk';
  if (workspace?.access === 'readWrite') return { name, state: 'off', detail: 'the shared folder has no limit' };
  const places = ['/workspace', '/tmp'].filter((place) => place !== '/workspace' || workspace?.access !== 'readOnly');
  const sizes = new Map(writablePlaces(facts).map((place) => [place, sizeOf(facts, place)]));
  if (places.some((place) => sizes.get(place) === undefined)) return { name, state: 'off' };
  const unbounded = boundless(facts);
  if (unbounded.length > 0) return { name, state: 'degraded', detail: `${unbounded.join(', ')} can be written without a limit: an image with a VOLUME there` };
  const total = [...sizes.values()].reduce<number>((sum, size) => sum + (size ?? 0), 0);
  const detail = `${total} bytes in ${[...sizes.keys()].sort().join(', ')} together, counted as memory`;
  return { name, state: total <= limits.diskBytes + sizes.size * PAGE_BYTES ? 'enforced' : 'degraded', detail };
}

/** The places, besides /workspace, that can be written and have no size. */
export function boundless(facts: Facts): readonly string[] {
  return writablePlaces(facts).filter((place) => place !== '/workspace' && sizeOf(facts, place) === undefined);
}

/**
 * What is in a tmpfs was made by programs, and what is in the folder of the agent is known. In other file systems there can
 * be a folder for everybody below one that nobody may write. The daemon itself bounds what is written below the shelf.
 */
function writablePlaces({ mounts, writable }: Facts): string[] {
  const known = (place: string, type: string) => type === 'tmpfs' || place === posix.dirname(AGENT);
  return [...mounts].flatMap(([place, { type, options }]) =>
    place !== '/' && !place.startsWith(`${SHELF}/`) && options.includes('rw') && (!known(place, type) || writable.has(place)) ? [place] : []);
}

function sizeOf({ mounts }: Facts, place: string): number | undefined {
  const { type, options = [] } = mounts.get(place) ?? {};
  const [, size, kib] = options.map((option) => /^size=(\d+)(k?)$/.exec(option)).find(Boolean) ?? [];
  return type === 'tmpfs' && size !== undefined ? Number(size) * (kib ? 1024 : 1) : undefined;
}

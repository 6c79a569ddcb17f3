/** What tests of the network have in common: places and rules from text, and ways out that lead nowhere but to what a test says. */
import type { Duplex } from 'node:stream';
import { type Dial, type Ways } from '../../server/src/network/dial.ts';
import { Egress, type EgressParts } from '../../server/src/network/egress.ts';
import { parseAuthority, parseRule, type Rule, type Target } from '../../server/src/network/hosts.ts';
import { duplexPair } from '../fakes/duplex.ts';

export function rule(text: string): Rule {
  const parsed = parseRule(text);
  if (typeof parsed === 'string') throw new Error(`${text}: it ${parsed}`);
  return parsed;
}

export function place(text: string): Target {
  const parsed = parseAuthority(text, 443);
  if (!parsed) throw new Error(`${text} is no place`);
  return parsed;
}

export interface FakeWaysOptions {
  /** The addresses of each name. A function is called each time. */
  readonly names?: Readonly<Record<string, readonly string[] | (() => readonly string[] | Promise<readonly string[]>)>>;
  readonly own?: readonly string[];
  /** Called with the far side of each connection. It may reject, or never resolve. */
  readonly answer?: (far: Duplex, address: string, port: number, signal: AbortSignal) => Promise<void> | void;
  readonly upstream?: Ways['upstream'];
}

/** Records what was resolved and what was dialled. */
export class FakeWays implements Ways {
  readonly resolved: string[] = [];
  readonly dialled: string[] = [];
  readonly connections: Duplex[] = [];
  readonly #options: FakeWaysOptions;

  constructor(options: FakeWaysOptions = {}) {
    this.#options = options;
  }

  async resolve(name: string): Promise<readonly string[]> {
    this.resolved.push(name);
    const found = this.#options.names?.[name];
    if (!found) throw new Error(`getaddrinfo ENOTFOUND ${name}`);
    return typeof found === 'function' ? found() : found;
  }

  async connect(address: string, port: number, signal: AbortSignal): Promise<Duplex> {
    this.dialled.push(`${address} ${port}`);
    const [near, far] = duplexPair();
    far.on('error', () => undefined);
    this.connections.push(near);
    await this.#options.answer?.(far, address, port, signal);
    return near;
  }

  upstream(...asked: Parameters<Ways['upstream']>): ReturnType<Ways['upstream']> {
    return this.#options.upstream?.(...asked);
  }

  own(): readonly string[] {
    return this.#options.own ?? [];
  }
}

export function egress({ hosts = [], ceilings = [], ...parts }: Partial<Omit<EgressParts, 'hosts' | 'ceilings'>> & { hosts?: readonly string[]; ceilings?: readonly (readonly string[])[] } = {}): Egress {
  return new Egress({ mode: 'allowlist', ask: undefined, own: () => [], hosts: hosts.map(rule), ceilings: ceilings.map((list) => list.map(rule)), ...parts });
}

export type DialOptions = Pick<Dial, 'clock'> & { readonly egress: Egress; readonly ways: Ways; readonly signal?: AbortSignal };

/** What one session may reach: its mode, its hosts, and what a person allows when they are asked. Nothing is resolved and nothing is dialled here. */
import { type Address, isIn } from './address.ts';
import { contains, covers, formatTarget, type Rule, type Target } from './hosts.ts';
import { type Kind, kindOf } from './kinds.ts';
import type { Answer } from './questions.ts';
import { notAllowed } from './refusal.ts';

export interface EgressParts {
  /** `allowlist`: what `hosts` cover. `full`: everything public, and what `hosts` name. */
  readonly mode: 'allowlist' | 'full';
  readonly hosts: readonly Rule[];
  /** Lists of which each has to cover whatever is reached. They come from the configuration, the project and the client. More can come to them at any time. */
  readonly ceilings: readonly (readonly Rule[])[];
  /** Asks a person about a place that is not allowed. undefined: there is nobody to ask. */
  readonly ask: ((target: Target, signal: AbortSignal) => Promise<Answer>) | undefined;
  /** The addresses of this machine's interfaces, as they are now. */
  own(): readonly string[];
  /** Called when a place may be dialled, with who allowed it. */
  allowed?(target: Target, by: Allower): void;
}

/** Says which of the addresses of a place may be dialled: undefined if this one may, and otherwise of which kind it is. */
export type Permit = (address: Address) => Exclude<Kind, 'public'> | undefined;

/** `policy`: the rules. The others are answers of a person. */
export type Allower = 'policy' | Exclude<Answer, 'deny'>;

export class Egress {
  readonly #parts: EgressParts;
  /** What a person has allowed for the rest of the session. */
  readonly #granted: Rule[] = [];

  constructor(parts: EgressParts) {
    this.#parts = parts;
  }

  /** The hosts of the session, and what a person has allowed on top of them, without what the lists no longer cover. */
  get reachable(): readonly Rule[] {
    return [...this.#parts.hosts, ...this.#granted].filter((rule) => this.#parts.ceilings.every((list) => list.some((outer) => contains(outer, rule))));
  }

  /**
   * Resolves with what may be dialled for this place.
   * @throws Refusal
   */
  async admit(target: Target, signal: AbortSignal): Promise<Permit> {
    const { mode, hosts, ceilings, own, ask, allowed } = this.#parts;
    if (!ceilings.every((list) => anyCovers(list, target))) throw notAllowed(target, 'the configuration does not allow that host');
    const permit = permitFor(target, [hosts, ...ceilings], own());
    const kind = target.address === undefined ? undefined : permit(target.address);
    if (kind) throw notAllowed(target, notPublic(kind));
    const granted = mode === 'full' || anyCovers(hosts, target) ? 'policy' : anyCovers(this.#granted, target) ? 'session' : undefined;
    const answer = granted ?? (ask ? await ask(target, signal) : 'deny');
    if (answer === 'deny') throw notAllowed(target, howToAllow(target), ask && 'deny');
    if (answer === 'session' && !anyCovers(this.#granted, target)) this.#granted.push(ruleOf(target));
    allowed?.(target, answer);
    return permit;
  }

  /** Whether a place that was admitted may be reached by what the configuration says now. `address`: the one that was dialled, where it is known. */
  stillAllows(target: Target, address = target.address): boolean {
    const { hosts, ceilings, own } = this.#parts;
    if (!ceilings.every((list) => anyCovers(list, target))) return false;
    return address === undefined || permitFor(target, [hosts, ...ceilings], own())(address) === undefined;
  }
}

function permitFor(target: Target, lists: readonly (readonly Rule[])[], machine: readonly string[]): Permit {
  return (address) => {
    const kind = kindOf(address, machine);
    return kind === 'public' || lists.every((list) => names(list, target, address)) ? undefined : kind;
  };
}

/** Why an address is refused that is not public. */
export function notPublic(kind: Kind): string {
  return `it is ${kind}, and such addresses are reached only where the hosts of the session name them`;
}

function howToAllow(target: Target): string {
  return `add ${formatTarget(target)} to the hosts of its network (codebeaker run --allow ${formatTarget(target)})`;
}

function anyCovers(list: readonly Rule[], target: Target): boolean {
  return list.some((rule) => covers(rule, target));
}

/** Whether the list names the place itself: by its exact name, or by the address or a block around it. `*.` does not count. */
function names(list: readonly Rule[], target: Target, address: Address): boolean {
  return list.some((rule) => {
    if (rule.kind === 'block') return (rule.port ?? target.port) === target.port && isIn(address, rule.block);
    return rule.kind === 'name' && covers(rule, target);
  });
}

function ruleOf({ host, address, port }: Target): Rule {
  return address === undefined ? { kind: 'name', name: host, port } : { kind: 'block', block: { base: address, bits: 128 }, port };
}

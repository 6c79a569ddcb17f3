/** Opens the network of a session: a port inside the sandbox, behind which the daemon's proxy lets out what is allowed. */
import type { Clock } from '../base/clock.ts';
import type { EventStream, HouseEvent } from '../events/events.ts';
import type { Ways } from '../network/dial.ts';
import { formatRule, formatTarget, type Rule, rulesIn, type Target } from '../network/hosts.ts';
import { lowerBounds, type Policy } from '../policy/policy.ts';
import { type Environment, type Network, NetworkRequestAccess, ProtocolError } from '../protocol/index.ts';
import type { Secrets } from '../secrets/secrets.ts';
import type { OpenNetwork } from '../session/network.ts';
import { type Allowances, usedUp } from '../usage/allowances.ts';
import type { Client } from '../wire/service.ts';
import { showCertificates } from './certificates.ts';

export interface NetworkParts {
  readonly client: Client;
  /** What holds at each moment. A session is never allowed more than when it was made. */
  readonly policy: Policy;
  readonly clock: Clock;
  readonly events: EventStream;
  /** The id of the visit. */
  readonly visit: string;
  /** What its sessions may still use. */
  readonly allowances: Allowances;
  /** The ways out of this machine. They are loaded when they are first needed. */
  ways(): Promise<Ways>;
  /** As in `HouseParts`. */
  certificates(wanted: Policy['certificates']): Promise<readonly string[]>;
}

type Decided = Extract<HouseEvent, { kind: 'networkDecided' }>;

/** A person is told of at most so many places that a session was kept from, and of each of them once. */
const MAX_TOLD = 20;

/** Whether the client can ask a person. */
export function canAsk({ capabilities }: Client): boolean {
  return capabilities.network?.requestAccess === true;
}

/** undefined: the session reaches nothing. `network` has been checked against the policy. */
export function networkOpener({ mode, hosts = [] }: Network, secrets: Secrets | undefined, { client, policy, clock, events, visit, ways, certificates, allowances }: NetworkParts): OpenNetwork | undefined {
  if (mode === 'none') return undefined;
  // They are read while the sandbox is made.
  const reading = certificates(policy.certificates);
  reading.catch(() => undefined);
  const binds = secrets && secrets.bound.length > 0 ? secrets : undefined;
  return async (sandbox, sessionId) => {
    const [{ Proxy }, { Egress }, { Questions }, out] = await Promise.all([import('../network/proxy.ts'), import('../network/egress.ts'), import('../network/questions.ts'), ways()]);
    const questions = new Questions({
      clock,
      send: async ({ host, port }, signal) => {
        // The session may have another client by now.
        if (!canAsk(client)) throw new Error('the client can ask nobody');
        return (await client.request(NetworkRequestAccess, { sessionId, host, port }, signal)).allow;
      },
    });
    const rules = rulesIn(hosts);
    const decided = ({ host, port }: Target, allowed: boolean, by: Decided['by']) => events.emit({ kind: 'networkDecided', visit, sessionId, host, port, allowed, by });
    const { hostLists: ceilings, networkBounds } = policy;
    const egress = new Egress({
      mode, hosts: rules,
      get ceilings() {
        return [...ceilings, ...(policy.hostLists === ceilings ? [] : policy.hostLists), ...(policy.networkModes.includes(mode) ? [] : [[]])];
      },
      own: () => out.own(), ask: canAsk(client) ? (target, signal) => questions.ask(target, signal) : undefined, allowed: (target, by) => decided(target, true, by),
    });
    const bound = binds && (await import('./bound.ts')).bind(binds, policy.certificates === 'image' ? await certificates('host') : await reading, clock);
    const told = new Set<string>();
    const proxy = new Proxy({
      egress, ways: out, clock, bound: bound?.hosts,
      get bounds() {
        return lowerBounds(networkBounds, policy.networkBounds);
      },
      meter: {
        move: (bytes) => allowances.flow('networkBytes', sessionId, bytes),
        spent: () => {
          const state = allowances.spent(sessionId, ['networkBytes']);
          return state && usedUp(state);
        },
      },
      refused: (target, { message, by }) => {
        decided(target, false, by);
        if (told.size >= MAX_TOLD || told.has(formatTarget(target))) return;
        told.add(formatTarget(target));
        void client.logMessage(2, message);
      },
    });
    const trust = await showCertificates(sandbox, bound?.trusting(await reading) ?? (await reading));
    if (bound && Object.keys(trust).length === 0) throw new ProtocolError('SandboxFailed', "this runtime can't show certificates to programs, so no secret can be bound to hosts here; use another runtime, or Docker on this machine");
    const port = await sandbox.listen(0, (connection) => proxy.accept(connection));
    return {
      env: { ...variables(port.port), ...trust },
      view: () => (policy.networkModes.includes(mode) ? { mode, ...(mode === 'full' && rules.length === 0 ? {} : { hosts: egress.reachable.map(formatRule) }) } : { mode: 'none' }),
      recheck: () => proxy.recheck(),
      layer: bound?.layer,
      words: () => wordsFor(mode, egress.reachable),
      close: () => {
        port.close();
        questions.close();
        proxy.close();
      },
    };
  };
}

/** The names by which programs find a proxy. It speaks HTTP and SOCKS5 on one port; the libraries that read ALL_PROXY all know HTTP. */
function variables(port: number): Environment {
  const proxy = `http://127.0.0.1:${port}`;
  const direct = 'localhost,127.0.0.1,::1';
  return {
    HTTP_PROXY: proxy, HTTPS_PROXY: proxy, ALL_PROXY: proxy, NO_PROXY: direct,
    http_proxy: proxy, https_proxy: proxy, all_proxy: proxy, no_proxy: direct,
    NODE_USE_ENV_PROXY: '1',
  };
}

function wordsFor(mode: Network['mode'], rules: readonly Rule[]): string {
  const hosts = rules.map(formatRule).join(', ');
  if (mode === 'full') return `through CodeBeaker's proxy to everything public${hosts && ` and to: ${hosts}`}`;
  return `through CodeBeaker's proxy to: ${hosts || 'what a person allows'}`;
}

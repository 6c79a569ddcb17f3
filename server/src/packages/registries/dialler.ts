/** Connects to registries. What a set names itself may be anywhere; where answers lead from there must be public. */
import type { Clock } from '../../base/clock.ts';
import { dial, type Ways } from '../../network/dial.ts';
import { Egress } from '../../network/egress.ts';
import { parseTarget, rulesIn } from '../../network/hosts.ts';
import { oneAtATime, type Resolve } from '../../network/lookups.ts';
import { Refusal } from '../../network/refusal.ts';
import { systemWays } from '../../network/ways.ts';
import { namedHosts } from './mirrors.ts';
import type { RegistrySet } from './registry.ts';
import type { Dial } from './upstream.ts';

/** What decides how its registries are reached. */
export type Dialled = Pick<RegistrySet, 'registries' | 'sumdb' | 'proxy'>;

const HTTPS = 443;

/**
 * `ways` are those of this machine, whose proxy is used where the set has none of its own. All connections that one `Dial`
 * makes are given the same signal.
 */
export function diallerFor(ways: Ways, clock: Clock): (set: Dialled) => Dial {
  return (set) => {
    const hosts = rulesIn(namedHosts(set));
    const egress = new Egress({ mode: 'full', hosts, ceilings: [], ask: undefined, own: () => ways.own() });
    let resolve: Resolve | undefined;
    return async (host, port, signal) => {
      resolve ??= oneAtATime((name) => ways.resolve(name), signal);
      const target = parseTarget(host, port);
      if (!target) throw new Refusal('malformed', `${host.slice(0, 100)} is no name of a host`);
      const permit = await egress.admit(target, signal);
      const proxy = set.proxy(new URL(`${port === HTTPS ? 'https' : 'http'}://${host}:${port}/`));
      const own = proxy === undefined ? ways : { ...ways, upstream: systemWays({ HTTPS_PROXY: proxy }).upstream };
      return (await dial({ target, purpose: 'bytes', permit, resolve, ways: own, clock, signal })).connection;
    };
  };
}

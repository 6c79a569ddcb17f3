/** The secrets of a session that are bound to hosts: they never enter its sandbox. */
import { createAuthority } from '../network/authority.ts';
import { BoundHosts } from '../network/bound.ts';
import { withPublic } from '../network/trust.ts';
import type { KnownLayer } from '../protocol/index.ts';
import type { Secrets } from '../secrets/secrets.ts';

export interface Bound {
  readonly hosts: BoundHosts;
  readonly layer: KnownLayer;
  /** What its programs are to trust, if they would trust `others`. None of `others`: those of the public authorities count. */
  trusting(others: readonly string[]): readonly string[];
}

/** `trusted`: the certificates that this machine trusts. `now`: milliseconds since the epoch. */
export function bind(secrets: Secrets, trusted: readonly string[], now: number): Bound {
  const headers = new Map(secrets.bound.flatMap(({ places, header, value }) => places.map((place) => [place, { header, value }] as const)));
  const names = [...headers.keys()].map((place) => place.slice(0, place.lastIndexOf(':')));
  const authority = createAuthority([...new Set(names)], now);
  const words = secrets.bound.map(({ name, header, places }) => `${name} is put into the header ${header} of requests to ${places.join(', ')}`).join('; ');
  return {
    hosts: new BoundHosts({ authority, trusted, headers, redact: (text) => secrets.redact(text) }),
    layer: { name: 'secrets', state: 'enforced', detail: `outside of the sandbox ${words}; the daemon ends TLS to these hosts, and to no others` },
    trusting: (others) => (others.length > 0 ? [...others, authority.certificate] : withPublic([authority.certificate])),
  };
}

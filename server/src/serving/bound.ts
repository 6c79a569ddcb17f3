/** The secrets of a session that are bound to hosts: they never enter its sandbox. */
import type { Clock } from '../base/clock.ts';
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

/** `trusted`: the certificates that this machine trusts. */
export function bind(secrets: Secrets, trusted: readonly string[], clock: Clock): Bound {
  const headers = new Map<string, Record<string, string>>();
  for (const { places, header, value } of secrets.bound) {
    for (const place of places) headers.set(place, { ...headers.get(place), [header]: value });
  }
  const names = [...headers.keys()].map((place) => place.slice(0, place.lastIndexOf(':')));
  const authority = createAuthority([...new Set(names)], clock.now());
  const words = secrets.bound.map(({ name, header, places }) => `${name} is put into the header ${header} of requests to ${places.join(', ')}`).join('; ');
  return {
    hosts: new BoundHosts({ authority, trusted, headers, clock, redact: (text) => secrets.redact(text) }),
    layer: { name: 'secrets', state: 'enforced', detail: `outside of the sandbox ${words}; for that, the daemon ends TLS to these hosts, and to no others` },
    trusting: (others) => (others.length > 0 ? [...others, authority.certificate] : withPublic([authority.certificate])),
  };
}

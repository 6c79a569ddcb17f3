/** The mirrors of one installation: one for each registry with which its manager is set up. */
import type { Log } from '../../base/log.ts';
import type { Mirrors } from '../ports.ts';
import { Ledger, type MirrorBounds } from './bounds.ts';
import { RegistryMirror } from './mirror.ts';
import type { RegistrySet } from './registry.ts';
import { Sumdb } from './sumdb.ts';
import { type Dial, Upstream } from './upstream.ts';

export interface MirrorsParts {
  readonly dial: Dial;
  readonly bounds: MirrorBounds;
  readonly log: Log;
  /** See `Mirrors`. */
  readonly constraints?: string | undefined;
}

export function openMirrors(set: RegistrySet, { dial, bounds, log, constraints }: MirrorsParts): Mirrors {
  const upstream = new Upstream(dial, set, bounds);
  const ledger = new Ledger(bounds);
  const sumdb = set.sumdb && new Sumdb(set.sumdb, upstream);
  const all = set.registries.map((registry) => new RegistryMirror({ manager: set.manager, registry, upstream, ledger, sumdb, log }));
  return {
    all,
    variables: set.variables,
    constraints,
    notes: set.notes,
    trouble: () => ledger.trouble,
    close: () => {
      for (const mirror of all) mirror.close();
      upstream.close();
    },
  };
}

/** The hosts and ports that the set names itself, as `host:port`: they may be reached wherever their names lead. */
export function namedHosts({ registries, sumdb }: Pick<RegistrySet, 'registries' | 'sumdb'>): readonly string[] {
  const urls = [...registries.map(({ url }) => url), ...(sumdb ? [sumdb.url] : [])].map((url) => new URL(url));
  return [...new Set(urls.map(({ hostname, port, protocol }) => `${hostname}:${port || (protocol === 'https:' ? '443' : '80')}`))];
}

/** A configuration that is read again while a daemon serves: what of it is taken over, and how a policy is held to it. */
import type { Config } from '../protocol/index.ts';
import { asScanConfig, asQuotasConfig, leaves } from './in-force.ts';
import { createPolicy, narrow, type Policy } from './policy.ts';

/** The keys, and the beginnings of keys, that a daemon takes over. For everything else it has to be started anew. */
const taken: readonly string[] = [
  'preference', 'allowedImages', 'limits', 'maxLimits', 'sessions', 'network', 'rates', 'quotas', 'prices', 'scan', 'sizes.codeBytes', 'sizes.pathBytes', 'secrets', 'drain',
  'audit.onFailure', 'audit.rotateBytes', 'audit.keepDays', 'audit.maxBytes', 'audit.fsync',
];

export interface Changes {
  /** The keys that were taken over. */
  readonly taken: readonly string[];
  /** Those that only a new start takes over. */
  readonly left: readonly string[];
}

/** Whether a daemon takes a key over when the configuration is read again. */
export function isTaken(key: string): boolean {
  return taken.some((each) => key === each || key.startsWith(`${each}.`));
}

export function changes(before: Config, after: Config): Changes {
  const [old, now] = [leaves(before), leaves(after)];
  const changed = [...new Set([...old.keys(), ...now.keys()])].filter((key) => key !== '$schema' && JSON.stringify(old.get(key)) !== JSON.stringify(now.get(key))).sort();
  return { taken: changed.filter(isTaken), left: changed.filter((key) => !isTaken(key)) };
}

/** The policy of a daemon that was started with `began`, after the configuration has become `config`. */
export function renewed(began: Config, config: Config): Policy {
  const { images, pool, sizes: { messageBytes } } = createPolicy(began);
  const policy = createPolicy(config);
  return { ...policy, images, pool, sizes: { ...policy.sizes, messageBytes } };
}

/** The policy of a client whose wishes the new one does not allow: both hold, and it makes no session any more. */
export function both(before: Policy, now: Policy, refusal: string): Policy {
  const { maxLimits, sessions, rates, quotas, scan, sizes: { codeBytes, pathBytes }, networkModes, networkBounds } = now;
  const lowered = narrow(before, {
    maxLimits, sessions, rates: { ...rates }, quotas: asQuotasConfig(quotas), scan: asScanConfig(scan),
    sizes: { codeBytes, pathBytes }, network: { modes: [...networkModes], ...networkBounds },
  });
  return { ...lowered, prices: now.prices, hostLists: [...before.hostLists, ...now.hostLists], refusal };
}

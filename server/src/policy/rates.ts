/** The rates: how often each method may be called on one connection. */
import { type Config, ExecuteShell, InstallPackages, type Method, methods, RunCode, SessionAttach, SessionCreate } from '../protocol/index.ts';
import type { Issue } from '../protocol/issues.ts';

export interface Rate {
  readonly perMinute: number;
  /** So many calls may come at once, after a pause. */
  readonly burst: number;
}

/** A method that is not named may be called as often as one likes. */
export type Rates = Readonly<Record<string, Rate>>;

/**
 * No person and no editor reaches these, and neither does a client that runs programs as fast as two cores can. They stop
 * a client that has gone wild.
 */
const defaultRates: Rates = {
  [SessionCreate.name]: { perMinute: 6_000, burst: 1_000 },
  [SessionAttach.name]: { perMinute: 6_000, burst: 1_000 },
  [ExecuteShell.name]: { perMinute: 60_000, burst: 60_000 },
  [RunCode.name]: { perMinute: 60_000, burst: 60_000 },
  [InstallPackages.name]: { perMinute: 600, burst: 600 },
};

export function createRates({ rates = {} }: Pick<Config, 'rates'>): Rates {
  return { ...defaultRates, ...Object.fromEntries(Object.entries(rates).map(([name, { perMinute, burst = perMinute }]) => [name, { perMinute, burst }])) };
}

/** A rate that is higher than the one before is taken as no narrower. */
export function narrowRates(rates: Rates, { rates: asked = {} }: Pick<Config, 'rates'>): Rates {
  const lowered = Object.entries(asked).map(([name, { perMinute, burst = perMinute }]) => {
    const before = rates[name] ?? { perMinute: Infinity, burst: Infinity };
    return [name, { perMinute: Math.min(before.perMinute, perMinute), burst: Math.min(before.burst, burst) }] as const;
  });
  return { ...rates, ...Object.fromEntries(lowered) };
}

/** What is wrong with the names. `at` is the path of the rates. */
export function rateIssues({ rates = {} }: Pick<Config, 'rates'>, at = ''): Issue[] {
  return Object.keys(rates).flatMap((name) => {
    const method = methods.find((each) => each.name === name);
    if (method && isLimited(method)) return [];
    return [{ path: `${at}rates.${name}`, message: method ? 'calls of this method are never limited, because they end something or belong to a command that runs' : 'there is no such method' }];
  });
}

/** What ends something or belongs to a command that runs always gets through: a client could otherwise not stop what it has begun. */
function isLimited({ kind, from, by, subject, effect }: Method): boolean {
  return kind === 'request' && from === 'client' && by === 'service' && subject !== 'command' && effect !== 'ends';
}

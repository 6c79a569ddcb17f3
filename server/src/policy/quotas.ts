/** The quotas: how much may be used in a day, by all sessions of a user together, and by one session, and how many of them there may be. */
import type { Config, Quota, QuotaName } from '../protocol/index.ts';

/** Infinity: no bound. */
export type Bounds = Readonly<Record<QuotaName, number>>;

export interface Quotas {
  /** How many sessions may be open at once, in all daemons of the user. */
  readonly sessions: number;
  readonly perDay: Bounds;
  readonly perSession: Bounds;
}

export const quotaNames = ['commands', 'cpuSeconds', 'gibSeconds', 'outputBytes', 'networkBytes'] as const satisfies readonly QuotaName[];

const unbounded: Bounds = { commands: Infinity, cpuSeconds: Infinity, gibSeconds: Infinity, outputBytes: Infinity, networkBytes: Infinity };

export function createQuotas(config: Pick<Config, 'quotas'>): Quotas {
  return narrowQuotas({ sessions: Infinity, perDay: unbounded, perSession: unbounded }, config);
}

/** A quota that is higher than the one before is taken as no narrower. */
export function narrowQuotas({ sessions, perDay, perSession }: Quotas, { quotas = {} }: Pick<Config, 'quotas'>): Quotas {
  return { sessions: Math.min(sessions, quotas.sessions ?? Infinity), perDay: lower(perDay, quotas.perDay), perSession: lower(perSession, quotas.perSession) };
}

function lower(bounds: Bounds, asked: Quota = {}): Bounds {
  const result: Record<QuotaName, number> = { ...bounds };
  for (const name of quotaNames) result[name] = Math.min(bounds[name], asked[name] ?? Infinity);
  return result;
}

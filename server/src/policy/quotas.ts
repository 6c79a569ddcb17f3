/** The quotas: how much may be used in a day, by all sessions of a user together, and by one session. */
import type { Config, Quota, QuotaName } from '../protocol/index.ts';

/** Infinity: no bound. */
export type Bounds = Readonly<Record<QuotaName, number>>;

export interface Quotas {
  readonly perDay: Bounds;
  readonly perSession: Bounds;
}

export const quotaNames = ['commands', 'cpuSeconds', 'gibSeconds', 'outputBytes', 'networkBytes'] as const satisfies readonly QuotaName[];

const unbounded: Bounds = { commands: Infinity, cpuSeconds: Infinity, gibSeconds: Infinity, outputBytes: Infinity, networkBytes: Infinity };

export function createQuotas(config: Pick<Config, 'quotas'>): Quotas {
  return narrowQuotas({ perDay: unbounded, perSession: unbounded }, config);
}

/** A quota that is higher than the one before is taken as no narrower. */
export function narrowQuotas({ perDay, perSession }: Quotas, { quotas = {} }: Pick<Config, 'quotas'>): Quotas {
  return { perDay: lower(perDay, quotas.perDay), perSession: lower(perSession, quotas.perSession) };
}

function lower(bounds: Bounds, asked: Quota = {}): Bounds {
  const result: Record<QuotaName, number> = { ...bounds };
  for (const name of quotaNames) result[name] = Math.min(bounds[name], asked[name] ?? Infinity);
  return result;
}

/** How much was used of each thing that is counted. */
import type { QuotaName } from '../protocol/index.ts';

export type Counted = QuotaName | 'sessions';
export type Amounts = Readonly<Record<Counted, number>>;

export const counted = ['commands', 'cpuSeconds', 'gibSeconds', 'outputBytes', 'networkBytes', 'sessions'] as const satisfies readonly Counted[];

export const nothing: Amounts = { commands: 0, cpuSeconds: 0, gibSeconds: 0, outputBytes: 0, networkBytes: 0, sessions: 0 };

/** Sums of seconds are kept to a microsecond, so that adding does not make digits out of nothing. */
const PRECISION = 1e6;

export function sum(one: Amounts, other: Partial<Amounts>): Amounts {
  const result = { ...one };
  for (const name of counted) result[name] = Math.round((one[name] + (other[name] ?? 0)) * PRECISION) / PRECISION;
  return result;
}

/** How much was used of each thing that is counted. */
import type { QuotaName } from '../protocol/index.ts';

export type Counted = QuotaName | 'sessions';
export type Amounts = Readonly<Record<Counted, number>>;

export const counted = ['commands', 'cpuSeconds', 'gibSeconds', 'outputBytes', 'networkBytes', 'sessions'] as const satisfies readonly Counted[];

export const nothing: Amounts = { commands: 0, cpuSeconds: 0, gibSeconds: 0, outputBytes: 0, networkBytes: 0, sessions: 0 };

/** Seconds are told to a microsecond, so that adding does not make digits out of nothing. */
const PRECISION = 1e6;

export function sum(one: Amounts, other: Partial<Amounts>): Amounts {
  return each((name) => one[name] + (other[name] ?? 0));
}

/** What is counted in `one` and not in `other`. */
export function difference(one: Amounts, other: Amounts): Amounts {
  return each((name) => one[name] - other[name]);
}

function each(amount: (name: Counted) => number): Amounts {
  const result: Record<Counted, number> = { ...nothing };
  for (const name of counted) result[name] = Math.round(amount(name) * PRECISION) / PRECISION;
  return result;
}

/** Adds up what is used. Adding happens at every command, so it does next to nothing. */
export class Tally {
  readonly #sums: Record<Counted, number> = { ...nothing };

  add(used: Partial<Amounts>): void {
    for (const name in used) this.#sums[name as Counted] += used[name as Counted] ?? 0;
  }

  get amounts(): Amounts {
    return sum(this.#sums, {});
  }
}

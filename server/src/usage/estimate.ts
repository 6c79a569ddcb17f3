/** What a run will probably use, told from runs of the same program, or else of other programs in its language. */
import type { LanguageId, Prices, Spread, UsageEstimateResult } from '../protocol/index.ts';
import { costOf } from './prices.ts';
import type { Run, Runs } from './runs.ts';

const GIB = 2 ** 30;

export interface Question {
  readonly language: LanguageId;
  /** undefined: any program. */
  readonly program: Buffer | undefined;
  /** undefined: any runtime. */
  readonly runtime: string | undefined;
}

export function estimate({ language, program, runtime }: Question, runs: Pick<Runs, 'of'>, prices: Prices | undefined): UsageEstimateResult {
  const found = (all: readonly Run[]) => all.filter((run) => runtime === undefined || run.runtime === runtime);
  const same = program ? found(runs.of(language, program)) : [];
  if (same.length > 0) return { basis: 'program', ...spreads(same, prices) };
  const others = found(runs.of(language));
  return others.length > 0 ? { basis: 'language', ...spreads(others, prices) } : { basis: 'none', runs: 0 };
}

function spreads(runs: readonly Run[], prices: Prices | undefined): Omit<UsageEstimateResult, 'basis'> {
  const costs = runs.map(({ cpuMs, durationMs, peakMemoryBytes }) =>
    costOf({ cpuSeconds: cpuMs / 1000, gibSeconds: (peakMemoryBytes / GIB) * (durationMs / 1000), commands: 1, networkBytes: 0 }, prices));
  return {
    runs: runs.length,
    durationMs: spread(runs.map(({ durationMs }) => durationMs)),
    cpuSeconds: spread(runs.map(({ cpuMs }) => cpuMs / 1000)),
    memoryBytes: spread(runs.map(({ peakMemoryBytes }) => peakMemoryBytes)),
    cost: { ...spread(costs.map(({ amount }) => amount)), currency: costs[0]?.currency ?? '' },
  };
}

/** The smallest value that so many in a hundred are at most. */
function spread(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
  return { p50: at(0.5), p95: at(0.95) };
}

/** One row of the table: figures of CodeBeaker, figures of what a user would use instead, and the target. */
import { loadavg } from 'node:os';

export interface Figures {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

export type Unit = 'ms' | 'MiB/s' | 'MiB' | '1/s' | '';

/**
 * The target for the figures of CodeBeaker. It is met if every condition that is given holds. The percentiles are in
 * the unit of the row; they are lower limits for rates (MiB/s) and upper limits for everything else.
 */
export interface Target {
  readonly p50?: number;
  readonly p95?: number;
  readonly p99?: number;
  /** The median of CodeBeaker may be at most this many times the median of the other side. */
  readonly maxSlowdown?: number;
  /** CodeBeaker must be at least this many times as fast as the other side, by the medians. */
  readonly minSpeedup?: number;
}

export interface Row {
  readonly name: string;
  /** What CodeBeaker is compared with. */
  readonly against: string;
  readonly unit: Unit;
  readonly runs: number;
  readonly ours: Figures;
  readonly theirs: Figures | undefined;
  /** How many times better CodeBeaker is, by the medians. */
  readonly ratio: number | undefined;
  readonly target: { readonly words: string; readonly met: boolean } | undefined;
  readonly note: string | undefined;
  /** The load average of the machine over the last minute, taken when the row was finished. */
  readonly load: number;
}

/** A row that could not be measured. */
export interface Skipped {
  readonly name: string;
  readonly against: string;
  /** Why. */
  readonly skipped: string;
}

/** The measurements that a row is made of. */
export interface Taken {
  readonly name: string;
  readonly against?: string;
  readonly unit?: Unit;
  readonly ours: readonly number[];
  readonly theirs?: readonly number[];
  readonly target?: Target;
  readonly note?: string;
}

/** The units for which it makes sense to say how many times better one side is. */
const TIMED: readonly Unit[] = ['ms', 'MiB/s'];
/** For a rate, more is better: its percentiles are counted from the highest value down, so that p99 is close to the worst. */
const isRate = (unit: Unit) => unit === 'MiB/s';

export function row({ name, against = '', unit = 'ms', ours: mine, theirs: other, target, note }: Taken): Row {
  const ours = percentiles(mine, isRate(unit));
  const theirs = other && percentiles(other, isRate(unit));
  const ratio = theirs && TIMED.includes(unit) ? (isRate(unit) ? ours.p50 / theirs.p50 : theirs.p50 / ours.p50) : undefined;
  const verdict = target && { words: inWords(target, unit), met: isMet(target, unit, ours, ratio) };
  return { name, against, unit, runs: mine.length, ours, theirs, ratio, target: verdict, note, load: loadavg()[0] ?? NaN };
}

/** The rates in MiB/s of runs that each moved this many mebibytes. */
export function rates(mebibytes: number, times: readonly number[]): number[] {
  return times.map((ms) => (mebibytes * 1000) / ms);
}

export function percentiles(values: readonly number[], descending = false): Figures {
  const sorted = [...values].sort((a, b) => (descending ? b - a : a - b));
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN;
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}

const NAMES = ['p50', 'p95', 'p99'] as const;

function isMet(target: Target, unit: Unit, ours: Figures, ratio = NaN): boolean {
  const holds = (name: (typeof NAMES)[number]) => {
    const limit = target[name];
    return limit === undefined || (isRate(unit) ? ours[name] >= limit : ours[name] <= limit);
  };
  return NAMES.every(holds) && (target.minSpeedup === undefined || ratio >= target.minSpeedup) && (target.maxSlowdown === undefined || 1 / ratio <= target.maxSlowdown);
}

function inWords(target: Target, unit: Unit): string {
  const limits = NAMES.filter((name) => target[name] !== undefined).map((name) => `${name} ${isRate(unit) ? '>=' : '<='} ${Number(target[name]?.toFixed(1))}`);
  const speedup = target.minSpeedup === undefined ? [] : [`at least ${target.minSpeedup} times as fast`];
  const slowdown = target.maxSlowdown === undefined ? [] : [target.maxSlowdown === 1 ? 'at most as long' : `at most ${target.maxSlowdown} times as long`];
  return [...limits, ...speedup, ...slowdown].join(', ');
}

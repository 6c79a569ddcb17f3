/** One line of the table: figures of ours, of what a user would use instead, and the mark that was set. */
import { loadavg } from 'node:os';

export interface Figures {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

export type Unit = 'ms' | 'MiB/s' | 'MiB' | '1/s' | '';

/** What is asked of the figures; all that is named must hold. Figures are in the row's unit. */
export interface Mark {
  readonly p50?: number;
  readonly p95?: number;
  readonly p99?: number;
  /** Ours may take so many times as long as the other, by the medians. */
  readonly share?: number;
  /** Ours must be so many times as fast, by the medians. */
  readonly times?: number;
}

export interface Row {
  readonly name: string;
  /** What the other side is. */
  readonly against: string;
  readonly unit: Unit;
  readonly runs: number;
  readonly ours: Figures;
  readonly theirs: Figures | undefined;
  /** How many times better ours is, by the medians. */
  readonly ratio: number | undefined;
  readonly mark: { readonly words: string; readonly met: boolean } | undefined;
  readonly note: string | undefined;
  /** Of the machine over the last minute, when the row was done. */
  readonly load: number;
}

export interface Skipped {
  readonly name: string;
  readonly against: string;
  readonly skipped: string;
}

export interface Taken {
  readonly name: string;
  readonly against?: string;
  readonly unit?: Unit;
  readonly ours: readonly number[];
  readonly theirs?: readonly number[];
  readonly mark?: Mark;
  readonly note?: string;
}

/** Of these it makes sense to say how many times better one is. */
const TIMED: readonly Unit[] = ['ms', 'MiB/s'];
/** Of a rate more is better: there the percentiles count from the best downwards. */
const isRate = (unit: Unit) => unit === 'MiB/s';

export function row({ name, against = '', unit = 'ms', ours: mine, theirs: other, mark, note }: Taken): Row {
  const ours = percentiles(mine, isRate(unit));
  const theirs = other && percentiles(other, isRate(unit));
  const ratio = theirs && TIMED.includes(unit) ? (isRate(unit) ? ours.p50 / theirs.p50 : theirs.p50 / ours.p50) : undefined;
  const verdict = mark && { words: inWords(mark, unit), met: isMet(mark, unit, ours, ratio) };
  return { name, against, unit, runs: mine.length, ours, theirs, ratio, mark: verdict, note, load: loadavg()[0] ?? NaN };
}

/** MiB a second, of runs that each moved so many. */
export function rates(mebibytes: number, times: readonly number[]): number[] {
  return times.map((ms) => (mebibytes * 1000) / ms);
}

export function percentiles(values: readonly number[], descending = false): Figures {
  const sorted = [...values].sort((a, b) => (descending ? b - a : a - b));
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN;
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}

const NAMES = ['p50', 'p95', 'p99'] as const;

function isMet(mark: Mark, unit: Unit, ours: Figures, ratio = NaN): boolean {
  const holds = (name: (typeof NAMES)[number]) => {
    const limit = mark[name];
    return limit === undefined || (isRate(unit) ? ours[name] >= limit : ours[name] <= limit);
  };
  return NAMES.every(holds) && (mark.times === undefined || ratio >= mark.times) && (mark.share === undefined || 1 / ratio <= mark.share);
}

function inWords(mark: Mark, unit: Unit): string {
  const limits = NAMES.filter((name) => mark[name] !== undefined).map((name) => `${name} ${isRate(unit) ? '>=' : '<='} ${Number(mark[name]?.toFixed(1))}`);
  const times = mark.times === undefined ? [] : [`>= ${mark.times} x faster`];
  const share = mark.share === undefined ? [] : [`<= ${mark.share} x as long`];
  return [...limits, ...times, ...share].join(', ');
}

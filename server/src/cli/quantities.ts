/** Reads the values of options: numbers, times and sizes, each within its range. */

/** A wrong command line. The message says what to type instead. */
export class UsageError extends Error {}

interface Range {
  readonly least: number;
  readonly most: number;
}

const KiB = 1024;
const MiB = KiB ** 2;
const GiB = KiB ** 3;
const timeUnits: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, '': 1000 };
const pastUnits: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 7 * 86_400_000 };
const sizeUnits: Readonly<Record<string, number>> = Object.fromEntries(
  ['', 'k', 'm', 'g'].flatMap((unit, power) => ['', 'b', 'ib'].map((end) => [unit + end, KiB ** power])),
);

export const ranges = {
  memory: { least: 16 * MiB, most: 16 * GiB },
  disk: { least: MiB, most: 16 * GiB },
  outputLimit: { least: 1, most: 64 * GiB },
  packageLimit: { least: MiB, most: 64 * GiB },
  cpus: { least: 0.05, most: 64 },
  pids: { least: 8, most: 16_384 },
  /** For so long days are kept. */
  days: { least: 1, most: 400 },
  entries: { least: 1, most: 10_000 },
  port: { least: 1, most: 65_535 },
  /** 0: any that is free. */
  listening: { least: 0, most: 65_535 },
  connections: { least: 1, most: 10_000 },
  /** The largest process id on any operating system. */
  process: { least: 1, most: 2 ** 32 - 1 },
} as const;

/** In milliseconds; 0 means no limit. */
export function duration(given: string, option: string): number {
  const value = quantity(given, timeUnits);
  if (value === undefined) throw new UsageError(`${option} needs a time such as 500ms, 10s or 2m, or 0 for no limit`);
  return value;
}

/** A moment in the past, in milliseconds since the epoch: so long ago, or a date. */
export function sinceTime(given: string, now: number, option = '--since'): number {
  const ago = quantity(given, pastUnits);
  const at = ago === undefined && /^\d{4}-\d{2}-\d{2}(?:T[\d:.]+Z?)?$/.test(given) ? Date.parse(given) : now - (ago ?? NaN);
  if (Number.isNaN(new Date(at).getTime())) throw new UsageError(`${option} needs a time that has passed since then, such as 30m, 2h or 7d, or a date such as 2026-01-31 or 2026-01-31T18:00; ${given || 'an empty value'} is not`);
  return Math.max(0, at);
}

/** In bytes. */
export function size(given: string, option: string, { least, most }: Range): number {
  const value = quantity(given, sizeUnits);
  if (value === undefined || value < least || value > most) {
    throw new UsageError(`${option} needs a size from ${inUnits(least)} to ${inUnits(most)}, such as 256m or 2g; ${given || 'an empty value'} is not`);
  }
  return value;
}

export function whole(given: string, option: string, range: Range): number {
  return within(/^\d+$/.test(given) ? Number(given) : NaN, option, 'a whole number', range);
}

export function fraction(given: string, option: string, range: Range): number {
  return within(/^\d+(?:\.\d+)?$/.test(given) ? Number(given) : NaN, option, 'a number', range);
}

function within(value: number, option: string, what: string, { least, most }: Range): number {
  if (!(value >= least && value <= most)) throw new UsageError(`${option} needs ${what} from ${least} to ${most}`);
  return value;
}

function quantity(given: string, units: Readonly<Record<string, number>>): number | undefined {
  const [, value = '', unit = ''] = /^(\d+(?:\.\d+)?)([a-z]*)$/i.exec(given) ?? [];
  const result = value === '' ? NaN : Math.ceil(Number(value) * (units[unit.toLowerCase()] ?? NaN));
  return Number.isSafeInteger(result) ? result : undefined;
}

/** As it can be typed, in the largest unit that leaves no fraction. */
export function inUnits(bytes: number): string {
  const [unit, divisor] = ([['g', GiB], ['m', MiB], ['k', KiB]] as const).find(([, each]) => bytes > 0 && bytes % each === 0) ?? ['', 1];
  return `${bytes / divisor}${unit}`;
}

/** As it is told: where a size has no unit, with the word. */
export function sizeTold(bytes: number): string {
  const told = inUnits(bytes);
  return /\d$/.test(told) ? `${told} bytes` : told;
}

/** A duration as it can be typed, in the largest unit that leaves no fraction. */
export function inTime(ms: number): string {
  const [unit, divisor] = ([['h', 3_600_000], ['m', 60_000], ['s', 1000]] as const).find(([, each]) => ms > 0 && ms % each === 0) ?? ['ms', 1];
  return `${ms / divisor}${unit}`;
}

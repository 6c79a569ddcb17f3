/** One measurement: an operation of ours and what a user would use instead, in turn, in one run. */

export interface Sides {
  readonly name: string;
  /** What the other side is. */
  readonly against: string;
  readonly runs: number;
  /** Does the work once and checks its result: throws where it is wrong. */
  ours(): Promise<void>;
  theirs(): Promise<void>;
}

export interface Figures {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

export interface Row {
  readonly name: string;
  readonly against: string;
  readonly runs: number;
  readonly ours: Figures;
  readonly theirs: Figures;
  /** How many times ours is faster, by the medians. */
  readonly ratio: number;
}

/** Runs of each side that are not counted. */
const WARM_UP = 2;

/** After each run: what an engine still cleans up must not be charged to the other side. */
const SETTLE_MS = 30;

/** Alternates between the sides, so that noise of the machine falls on both. No run is dropped, none is repeated. */
export async function measure({ name, against, runs, ours, theirs }: Sides): Promise<Row> {
  const times = { ours: [] as number[], theirs: [] as number[] };
  for (let turn = -WARM_UP; turn < runs; turn++) {
    const mine = await time(ours);
    const other = await time(theirs);
    if (turn < 0) continue;
    times.ours.push(mine);
    times.theirs.push(other);
  }
  const figures = { ours: percentiles(times.ours), theirs: percentiles(times.theirs) };
  return { name, against, runs, ...figures, ratio: figures.theirs.p50 / figures.ours.p50 };
}

async function time(work: () => Promise<void>): Promise<number> {
  const begin = performance.now();
  await work();
  const took = performance.now() - begin;
  await new Promise((resolve) => void setTimeout(resolve, SETTLE_MS));
  return took;
}

function percentiles(times: readonly number[]): Figures {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN;
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}

/** A table for people, in milliseconds. */
export function table(rows: readonly Row[]): string {
  const ms = (value: number) => value.toFixed(value < 10 ? 2 : 0);
  const cells = rows.map((row) => [
    row.name,
    `${ms(row.ours.p50)} / ${ms(row.ours.p95)} / ${ms(row.ours.p99)}`,
    row.against,
    `${ms(row.theirs.p50)} / ${ms(row.theirs.p95)} / ${ms(row.theirs.p99)}`,
    `${row.ratio.toFixed(row.ratio < 10 ? 2 : 0)} x`,
    String(row.runs),
  ]);
  const all = [['what', 'codebeaker p50/p95/p99 ms', 'against', 'p50/p95/p99 ms', 'faster', 'runs'], ...cells];
  const widths = all[0]?.map((_, column) => Math.max(...all.map((line) => line[column]?.length ?? 0))) ?? [];
  const line = (row: readonly string[]) => `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  const rule = `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`;
  return [line(all[0] as string[]), rule, ...all.slice(1).map(line)].join('\n');
}

/** Writes the rows as a Markdown table. */
import type { Figures, Row, Skipped } from './row.ts';

const head = ['what is measured', 'CodeBeaker: p50 / p95 / p99', 'compared with', 'its p50 / p95 / p99', 'times better (p50)', 'runs', 'load average', 'target', 'target met'];

export function table(rows: readonly (Row | Skipped)[]): string {
  const all = [head, ...rows.map((row) => ('skipped' in row ? [row.name, `not measured: ${row.skipped.replaceAll(/\s+/g, ' ')}`, row.against] : cells(row)))];
  const widths = head.map((_, column) => Math.max(...all.map((line) => line[column]?.length ?? 0)));
  const line = (row: readonly string[]) => `| ${widths.map((width, column) => (row[column] ?? '').padEnd(width)).join(' | ')} |`;
  const rule = `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`;
  return [line(head), rule, ...all.slice(1).map(line)].join('\n');
}

function cells({ name, ours, against, theirs, ratio, unit, runs, load, target, note }: Row): string[] {
  return [
    note ? `${name} (${note})` : name,
    `${figures(ours, runs)} ${unit}`.trimEnd(),
    against,
    theirs ? `${figures(theirs, runs)} ${unit}`.trimEnd() : '',
    ratio === undefined ? '' : number(ratio),
    String(runs),
    load.toFixed(1),
    target ? target.words : '',
    target ? (target.met ? 'yes' : 'NO') : '',
  ];
}

function figures({ p50, p95, p99 }: Figures, runs: number): string {
  return runs === 1 ? number(p50) : [p50, p95, p99].map(number).join(' / ');
}

/** With about three significant digits. */
function number(value: number): string {
  return value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0);
}

/** Writes the rows as a Markdown table, and their notes below it. It stays readable whatever a row says. */
import type { Figures, Row, Skipped } from './row.ts';

const head = ['what is measured', 'CodeBeaker: p50 / p95 / p99', 'compared with', 'its p50 / p95 / p99', 'times better (p50)', 'runs', 'load average', 'target', 'target met'];
/** What a row says of why it was not measured is cut after so many characters. */
const MAX_REASON = 140;

export function table(rows: readonly (Row | Skipped)[]): string {
  const notes: string[] = [];
  const lines = rows.map((row) => ('skipped' in row ? [plain(row.name), plain(row.against), reason(row)] : cells(row, notes).map(plain)));
  // The reasons why rows were not measured make no column wider.
  const measured = [head, ...lines.filter((line) => line.length === head.length)];
  const widths = head.map((_, column) => Math.max(...measured.map((line) => line[column]?.length ?? 0)));
  const line = (row: readonly string[]) => `| ${widths.map((width, column) => (row[column] ?? '').padEnd(width)).join(' | ')} |`;
  const skipped = ([name, against, why]: readonly string[]) => line([name ?? '', why ?? '', against ?? '']);
  const rule = `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`;
  const body = lines.map((each) => (each.length === head.length ? line(each) : skipped(each)));
  return [line(head), rule, ...body, ...notes.map((note, at) => `${at === 0 ? '\n' : ''}[${at + 1}] ${note.replaceAll(/\s+/g, ' ')}`)].join('\n');
}

function reason({ skipped }: Skipped): string {
  const text = plain(skipped);
  return `not measured: ${text.length > MAX_REASON ? `${text.slice(0, MAX_REASON)}…` : text}`;
}

/** A cell is one line, and its bars end no cell. */
function plain(text: string): string {
  return text.replaceAll(/\s+/g, ' ').replaceAll('|', '\\|');
}

function cells({ name, ours, against, theirs, ratio, unit, runs, load, target, note }: Row, notes: string[]): string[] {
  return [
    note === undefined ? name : `${name} [${notes.push(note)}]`,
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

/**
 * `npm run bench`: the real daemon over stdio, beside what a user would use instead, in one run, results checked.
 * Prints one table. Needs Docker and the image $BENCH_IMAGE (codebeaker-test).
 *
 *   --only NAME    only this part; may be given more than once
 *   --runs N       runs of what is quick (100); what takes longer runs a fifth as often
 *   --json FILE    the figures go there too
 */
import { writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { Bench } from './bench.ts';
import { parts } from './parts/index.ts';
import type { Row, Skipped } from './row.ts';
import { table } from './table.ts';

// Every Node start would pay for it, on both sides and for nothing.
delete process.env.NODE_EXTRA_CA_CERTS;

const { values } = parseArgs({
  options: { json: { type: 'string' }, runs: { type: 'string', default: '100' }, only: { type: 'string', multiple: true } },
});
const unknown = values.only?.filter((name) => !parts.some((part) => part.name === name)) ?? [];
if (unknown.length > 0) throw new Error(`no such part: ${unknown.join(', ')}. There are ${parts.map(({ name }) => name).join(', ')}`);

const say = (line: string) => void process.stderr.write(`${line}\n`);
const bench = new Bench({ image: process.env.BENCH_IMAGE ?? 'codebeaker-test', runs: Number(values.runs), say });
const machine = `${cpus().length} cores, Node ${process.version}, load ${loadavg()[0]?.toFixed(1)} at the start`;
const rows: (Row | Skipped)[] = [];

try {
  for (const part of parts) {
    if (values.only ? !values.only.includes(part.name) : part.onlyByName) continue;
    say(part.name);
    try {
      rows.push(...(await part.run(bench)));
    } catch (fault) {
      // What the other parts have measured still counts.
      rows.push({ name: part.name, against: '', skipped: `failed: ${(fault as Error).message}` });
      process.exitCode = 1;
    }
    await bench.endPart();
  }
} finally {
  await bench.end();
}

process.stdout.write(`${table(rows)}\n\n${machine}\n`);
if (values.json) writeFileSync(values.json, `${JSON.stringify({ machine, rows }, null, 2)}\n`);

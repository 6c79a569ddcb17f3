/**
 * `npm run bench` measures the real daemon over stdio and what a user would use instead, by turns and in one run. Every
 * result is checked. It prints one table, with the target for each figure. What needs a part that this machine lacks is not
 * measured, and its row says how to get the part: Docker with the image that BENCH_IMAGE names, by default codebeaker-test
 * (test/setup/engine.sh, test/setup/images.sh), or bubblewrap (test/setup/native.sh). Nothing is installed unasked.
 *
 *   --only NAME    runs only this part (see parts/index.ts); can be given several times
 *   --runs N       how often to run what is quick, by default 100; what takes longer runs a fifth as often
 *   --json FILE    also writes the figures to this file
 */
import { writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { Bench } from './bench.ts';
import { measured } from './measured.ts';
import { parts } from './parts/index.ts';
import type { Row, Skipped } from './row.ts';
import { table } from './table.ts';

// Every start of Node would read these certificates, on both sides, and nothing needs them.
delete process.env.NODE_EXTRA_CA_CERTS;

const { values } = parseArgs({
  options: { json: { type: 'string' }, runs: { type: 'string', default: '100' }, only: { type: 'string', multiple: true } },
});
const unknown = values.only?.filter((name) => !parts.some((part) => part.name === name)) ?? [];
if (unknown.length > 0) throw new Error(`no such part: ${unknown.join(', ')}. There are ${parts.map(({ name }) => name).join(', ')}`);

const say = (line: string) => void process.stderr.write(`${line}\n`);
const bench = new Bench({ image: process.env.BENCH_IMAGE ?? 'codebeaker-test', runs: Number(values.runs), say });
const machine = `${cpus().length} cores, Node ${process.version}, load average ${loadavg()[0]?.toFixed(1)} at the start`;
const rows: (Row | Skipped)[] = [];

try {
  for (const part of parts) {
    if (values.only ? !values.only.includes(part.name) : part.onlyByName) continue;
    say(part.name);
    const { rows: more, failed } = await measured(part, bench);
    rows.push(...more);
    if (failed) process.exitCode = 1;
    await bench.endPart();
  }
} finally {
  await bench.end();
}

process.stdout.write(`${table(rows)}\n\n${machine}\n`);
if (values.json) writeFileSync(values.json, `${JSON.stringify({ machine, rows }, null, 2)}\n`);

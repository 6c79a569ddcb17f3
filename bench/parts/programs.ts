/** `command/runCode` of a hello world with an interpreter that is already started, compared with the program as a plain process. */
import { strict as assert } from 'node:assert';
import type { RawClient } from '../../test/e2e/raw-client.ts';
import type { Bench, Part } from '../bench.ts';
import { alternate } from '../measure.ts';
import { hellos, type Language, plain } from '../peers/plain.ts';
import { type Row, row, type Skipped, type Target } from '../row.ts';

/** A person pauses at least as long between two runs. In this time the next interpreter starts. */
const PAUSE_MS = 250;

/** An empty pool would mean that nothing is prepared in advance. With any other, interpreters are prepared in all runtimes as they are needed. */
const prepared = { pool: { native: { python: 1 } } };

const cases: readonly [runtime: string, language: Language, target: Target | undefined][] = [
  ['docker', 'python', { p50: 4, minSpeedup: 3 }],
  ['docker', 'javascript', { p50: 5, minSpeedup: 6 }],
  ['deno', 'javascript', { p50: 5, minSpeedup: 6 }],
  ['native', 'python', undefined],
  ['native', 'javascript', undefined],
];

export const programs: Part = {
  name: 'programs',
  async run(bench) {
    const client = await bench.daemon(prepared);
    const rows: (Row | Skipped)[] = [];
    for (const [runtime, language, target] of cases) rows.push(await hello(bench, client, { runtime, language, target }));
    return rows;
  },
};

async function hello(
  bench: Bench,
  client: RawClient,
  { runtime, language, target }: { runtime: string; language: Language; target: Target | undefined },
): Promise<Row | Skipped> {
  const name = `command/runCode of a ${language} hello world in ${runtime}, interpreter already started`;
  bench.say(name);
  const floor = await plain(language, bench.folder);
  const lack = await bench.lacks(runtime);
  if (lack !== undefined) return { name, against: floor?.name ?? '', skipped: lack };
  const made = await client.call('session/create', { runtime, language });
  if (made.error) return { name, against: floor?.name ?? '', skipped: made.error.message };
  const { sessionId } = made.result;
  const { source } = hellos[language];
  const times = await alternate(
    {
      ours: { run: async () => assert.equal((await client.request('command/runCode', { sessionId, code: source })).stdout, 'hello\n') },
      theirs: { run: async () => void (await floor?.run()) },
    },
    { runs: bench.many, pauseMs: PAUSE_MS },
  );
  await client.request('session/close', { sessionId });
  return row({ name, against: floor?.name, ours: times.ours, theirs: floor && times.theirs, target });
}

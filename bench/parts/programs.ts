/** `runCode` hello where an interpreter waits, beside the program as a plain process. */
import { strict as assert } from 'node:assert';
import type { RawClient } from '../../test/e2e/raw-client.ts';
import type { Bench, Part } from '../bench.ts';
import { alternate } from '../measure.ts';
import { hellos, type Language, plain } from '../peers/plain.ts';
import { type Mark, type Row, row, type Skipped } from '../row.ts';

/** As long as a person takes at the very least; meanwhile the next interpreter starts. */
const PAUSE_MS = 250;

/** Something must wait, or nothing may: the demand alone decides. */
const ahead = { pool: { native: { python: 1 } } };

const cases: readonly [runtime: string, language: Language, mark: Mark | undefined][] = [
  ['docker', 'python', { p50: 4, times: 3 }],
  ['docker', 'javascript', { p50: 5, times: 6 }],
  ['deno', 'javascript', { p50: 5, times: 6 }],
  ['native', 'python', undefined],
  ['native', 'javascript', undefined],
];

export const programs: Part = {
  name: 'programs',
  async run(bench) {
    const client = await bench.daemon(ahead);
    const rows: (Row | Skipped)[] = [];
    for (const [runtime, language, mark] of cases) rows.push(await hello(bench, client, { runtime, language, mark }));
    return rows;
  },
};

async function hello(
  bench: Bench,
  client: RawClient,
  { runtime, language, mark }: { runtime: string; language: Language; mark: Mark | undefined },
): Promise<Row | Skipped> {
  const name = `runCode hello, ${language}, ${runtime}, warm`;
  bench.say(name);
  const floor = await plain(language, bench.folder);
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
  return row({ name, against: floor?.name, ours: times.ours, theirs: floor && times.theirs, mark });
}

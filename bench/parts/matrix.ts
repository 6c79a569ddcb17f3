/** A new session and a first hello world in every language and every runtime that this machine has, with nothing prepared, compared with the plain process. */
import { strict as assert } from 'node:assert';
import type { RawClient } from '../../test/e2e/raw-client.ts';
import type { Bench, Part } from '../bench.ts';
import { alternate, type Side } from '../measure.ts';
import { hellos, type Language, plain } from '../peers/plain.ts';
import { type Row, row, type Skipped } from '../row.ts';

interface Runtime {
  readonly id: string;
  readonly available: boolean;
  readonly languages: readonly { readonly id: Language }[];
}

export const matrix: Part = {
  name: 'matrix',
  async run(bench) {
    const client = await bench.daemon();
    const { runtimes } = (await client.request('runtime/list')) as { runtimes: Runtime[] };
    const rows: (Row | Skipped)[] = [];
    const usable: Runtime[] = [];
    for (const runtime of runtimes) {
      const skipped = await bench.lacks(runtime.id);
      if (skipped === undefined) usable.push(runtime);
      else rows.push({ name: `every language in ${runtime.id}`, against: '', skipped });
    }
    for (const language of Object.keys(hellos) as Language[]) {
      const able = usable.filter(({ available, languages }) => available && languages.some(({ id }) => id === language));
      rows.push(...(await compare(bench, client, language, able.map(({ id }) => id))));
    }
    return rows;
  },
};

async function compare(bench: Bench, client: RawClient, language: Language, runtimes: readonly string[]): Promise<Row[]> {
  bench.say(`${language}: ${runtimes.join(', ')}`);
  const floor = await plain(language, bench.folder);
  const sides = Object.fromEntries(runtimes.flatMap((runtime) => Object.entries(sidesOf(client, language, runtime))));
  const times = await alternate<string>(
    { plain: { run: async () => void (await floor?.run()) }, ...sides },
    { runs: Math.max(3, Math.floor(bench.few / 4)), warmUp: 1, pauseMs: 50 },
  );
  return runtimes.flatMap((runtime) => [
    row({ name: `${language} in ${runtime}: session/create, nothing prepared`, ours: times[`create ${runtime}`] ?? [] }),
    row({ name: `${language} in ${runtime}: first hello world`, against: floor?.name, ours: times[`hello ${runtime}`] ?? [], theirs: floor && times.plain }),
  ]);
}

function sidesOf(client: RawClient, language: Language, runtime: string): Record<string, Side> {
  let sessionId: string;
  return {
    [`create ${runtime}`]: { run: async () => void ({ sessionId } = await client.request('session/create', { runtime, language })) },
    [`hello ${runtime}`]: {
      run: async () => {
        const { outcome, stdout, stderr } = await client.request('command/runCode', { sessionId, code: hellos[language].source });
        assert.equal(stdout, 'hello\n', `${runtime}, ${language}: ${outcome} ${stderr}`);
      },
      after: async () => void (await client.request('session/close', { sessionId })),
    },
  };
}

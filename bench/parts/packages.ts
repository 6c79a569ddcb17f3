/** What packages cost: the first installation against the same in a virtual environment without a sandbox, and a session that has them from the cache against one without. */
import { strict as assert } from 'node:assert';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { RawClient } from '../../test/e2e/raw-client.ts';
import { pypi, wheel } from '../../test/packages/indexes/pypi.ts';
import { serve } from '../../test/packages/indexes/serve.ts';
import type { Bench, Part } from '../bench.ts';
import { alternate, type Side } from '../measure.ts';
import { realPython } from '../peers/plain.ts';
import { row } from '../row.ts';

const run = promisify(execFile);

export const packages: Part = {
  name: 'packages',
  needs: ['native'],
  async run(bench) {
    const python = await realPython();
    if (!python) return [{ name: 'pip installs a package', against: 'pip in a virtual environment', skipped: 'this machine has no python3' }];
    const runs = bench.few;
    // Each first installation is of another name, so that none is in the cache.
    const names = Array.from({ length: runs + 2 }, (_, at) => `first${at}`);
    const registry = await serve(pypi([...names, 'known'].map((name) => wheel(name, '1.0'))));
    bench.atEnd(() => registry.close());
    const url = `http://127.0.0.1:${registry.port}/simple/`;
    // The cache of the person who measures stays as it is.
    const client = new RawClient({ env: { ...bench.environment({ packages: { registries: { pip: { url } } } }), XDG_CACHE_HOME: join(bench.folder, 'cache') } });
    bench.atEnd(() => client.end());
    await client.initialize({});
    const rows = [];
    for (const runtime of ['native', 'docker'] as const) {
      const lacks = await bench.lacks(runtime);
      if (lacks === undefined) rows.push(...(await inRuntime(bench, client, { runtime, python, url, names: [...names] })));
      else rows.push({ name: `packages in ${runtime}`, against: '', skipped: lacks });
    }
    return rows;
  },
};

interface Where {
  readonly runtime: string;
  readonly python: string;
  readonly url: string;
  readonly names: string[];
}

async function inRuntime(bench: Bench, client: RawClient, { runtime, python, url, names }: Where) {
  const create = async (more: object) => (await client.request('session/create', { runtime, language: 'python', ...more })).sessionId as string;
  const hello = async (sessionId: string, code: string) => assert.equal((await client.request('command/runCode', { sessionId, code })).stdout, '42\n');
  const open = { session: '' };
  const closed = () => client.request('session/close', { sessionId: open.session });
  bench.say(`the first installation in ${runtime}`);
  const first = await alternate(
    {
      ours: {
        run: async () => {
          open.session = await create({});
          await client.request('command/installPackages', { sessionId: open.session, packages: [`${names.pop() ?? 'known'}==1.0`] });
        },
        after: closed,
      },
      theirs: plainly(bench, python, url),
    },
    { runs: bench.few, warmUp: 1, pauseMs: 100 },
  );
  await client.request('session/close', { sessionId: await create({ packages: { names: ['known==1.0'] } }) });
  bench.say(`a session with packages from the cache in ${runtime}`);
  const side = (more: object, code: string): Side => ({
    run: async () => {
      open.session = await create(more);
      await hello(open.session, code);
    },
    after: closed,
  });
  const again = await alternate(
    { ours: side({ packages: { names: ['known==1.0'] } }, 'import known; print(known.answer)'), theirs: side({}, 'print(42)') },
    { runs: bench.many, pauseMs: 30 },
  );
  const above = again.ours.map((ms, at) => ms - (again.theirs[at] ?? 0));
  return [
    row({ name: `pip installs a package, in ${runtime}, for the first time`, against: 'pip in a virtual environment', ours: first.ours, theirs: first.theirs }),
    row({ name: `a session and hello with a package from the cache, in ${runtime}`, against: 'a session and hello', ours: again.ours, theirs: again.theirs }),
    row({ name: `the same: how much longer it takes, in ${runtime}`, ours: above, target: { p50: 20 } }),
  ];
}

function plainly(bench: Bench, python: string, url: string): Side {
  return {
    run: async () => {
      const folder = mkdtempSync(join(bench.folder, 'venv-'));
      await run(python, ['-m', 'venv', '--without-pip', folder]);
      await run(python, ['-m', 'pip', '--python', join(folder, 'bin/python'), 'install', '--quiet', '--index-url', url, '--', 'known==1.0']);
      rmSync(folder, { recursive: true });
    },
  };
}

/** A new native session and a program in it, compared with a process without a sandbox and with another sandbox made of bubblewrap. */
import { strict as assert } from 'node:assert';
import type { RawClient } from '../../test/e2e/raw-client.ts';
import type { Part } from '../bench.ts';
import { alternate, type Side } from '../measure.ts';
import { plain, realPython } from '../peers/plain.ts';
import { sandboxRuntime } from '../peers/sandbox-runtime.ts';
import { settled } from '../proc.ts';
import { row } from '../row.ts';
import { Created } from './sessions.ts';

export const native: Part = {
  name: 'native',
  needs: ['native'],
  async run(bench) {
    const name = 'session/create and a Python hello world in native';
    const floor = await plain('python', bench.folder);
    const python = await realPython();
    const pooled = await bench.daemon({ pool: { native: { python: 2 } } });
    const cold = await bench.daemon();
    const probe = await cold.call('session/create', { runtime: 'native', language: 'python' });
    if (probe.error || !floor || !python) return [{ name, against: floor?.name ?? 'plain python3', skipped: probe.error?.message ?? 'this machine has no python3' }];
    await cold.request('session/close', { sessionId: probe.result.sessionId });

    bench.say('installing @anthropic-ai/sandbox-runtime');
    const other = await sandboxRuntime(bench.folder).catch((fault: Error) => fault);
    if (!(other instanceof Error)) bench.atEnd(() => other.close());
    const [warm, fresh] = [new Created(pooled), new Created(cold)];
    const theirs: Side = {
      run: async () => {
        if (!(other instanceof Error)) assert.equal(await other.run(`${python} ${bench.folder}/hello.py`), 'hello\n');
      },
    };
    bench.say(name);
    const times = await alternate(
      {
        warm: { before: () => settled(pooled.process.pid as number, 2), ...side(pooled, warm) },
        plain: { run: () => floor.run() },
        cold: side(cold, fresh),
        other: theirs,
      },
      { runs: bench.few, pauseMs: 100 },
    );
    const against = '@anthropic-ai/sandbox-runtime';
    return [
      row({ name: `${name}, sandbox prepared in advance`, against: floor.name, ours: times.warm, theirs: times.plain, note: warm.note, target: { maxSlowdown: 1.5 } }),
      row({ name: `${name}, nothing prepared`, against: floor.name, ours: times.cold, theirs: times.plain, target: { maxSlowdown: 3 } }),
      ...(other instanceof Error
        ? [{ name, against, skipped: other.message.split('\n')[0] as string }]
        : [
            row({ name: `${name}, sandbox prepared in advance`, against: `${against} ${other.version}`, ours: times.warm, theirs: times.other, target: { maxSlowdown: 0.5 } }),
            row({ name: `${name}, nothing prepared`, against: `${against} ${other.version}`, ours: times.cold, theirs: times.other, target: { maxSlowdown: 0.5 } }),
          ]),
    ];
  },
};

function side(client: RawClient, created: Created): Side {
  return {
    run: async () => {
      const sessionId = await created.create({ runtime: 'native', language: 'python' });
      assert.equal((await client.request('command/runCode', { sessionId, code: 'print("hello")' })).stdout, 'hello\n');
    },
    after: () => created.close(),
  };
}

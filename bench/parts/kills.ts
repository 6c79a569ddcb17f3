/** How long it takes until nothing is left of a fork bomb that has all the processes it may have. */
import { strict as assert } from 'node:assert';
import type { Bench, Part } from '../bench.ts';
import { alternate, pause, type Side } from '../measure.ts';
import { bombContainer } from '../peers/docker.ts';
import { row } from '../row.ts';

const PIDS = 128;
const bomb = ['python3', '-c', 'import os\nwhile True:\n    try: os.fork()\n    except OSError: pass'];
/** By then it has them. */
const GROWS_MS = 300;

export const kills: Part = {
  name: 'kills',
  needs: ['docker', 'native'],
  async run(bench) {
    bench.say('cancelling a fork bomb');
    let remove = (): Promise<unknown> => Promise.resolve();
    const sides = {
      docker: await cancelled(bench, 'docker'),
      native: await cancelled(bench, 'native'),
      theirs: {
        before: async () => {
          remove = await bombContainer(bench.image, bomb, PIDS);
          await pause(GROWS_MS);
        },
        run: async () => void (await remove()),
      },
    };
    const times = await alternate(sides, { runs: bench.few });
    const rowOf = (runtime: 'docker' | 'native') =>
      row({ name: `$/cancelRequest of a fork bomb with ${PIDS} processes in ${runtime}`, against: 'docker rm -f of its container', ours: times[runtime], theirs: times.theirs, target: { p95: 150 } });
    return [rowOf('docker'), rowOf('native')];
  },
};

/** The command is told to be cancelled when nothing of it is left. */
async function cancelled(bench: Bench, runtime: string): Promise<Side> {
  const client = await bench.daemon();
  const { sessionId } = await client.request('session/create', { runtime, language: 'python', limits: { pids: PIDS } });
  let running = client.call('session/list');
  return {
    before: async () => {
      running = client.call('command/executeShell', { sessionId, command: bomb });
      await pause(GROWS_MS);
    },
    run: async () => {
      client.notify('$/cancelRequest', { id: running.id });
      assert.equal((await running).result.outcome, 'cancelled');
    },
  };
}

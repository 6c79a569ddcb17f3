/** How long one command takes in an open session. */
import { strict as assert } from 'node:assert';
import type { Part } from '../bench.ts';
import { alternate } from '../measure.ts';
import { IdleContainer } from '../peers/docker.ts';
import { row } from '../row.ts';
import { docker } from './sessions.ts';

export const commands: Part = {
  name: 'commands',
  needs: ['docker'],
  async run(bench) {
    const client = await bench.daemon();
    const container = await IdleContainer.start(bench.image);
    bench.atEnd(() => container.remove());
    const { sessionId } = await client.request('session/create', docker);
    bench.say('executeShell true');
    const times = await alternate(
      {
        ours: {
          run: async () => {
            const { outcome, exitCode } = await client.request('command/executeShell', { sessionId, command: ['true'] });
            assert.deepEqual([outcome, exitCode], ['exited', 0]);
          },
        },
        theirs: { run: async () => assert.equal((await container.exec(['true'])).exitCode, 0) },
      },
      { runs: bench.many },
    );
    return [row({ name: 'command/executeShell of `true` in Docker', against: 'docker exec by the Docker API', ...times, target: { p50: 2.5, minSpeedup: 20 } })];
  },
};

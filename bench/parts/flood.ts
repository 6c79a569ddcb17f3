/** How much slower commands of one session are while a program of another session prints without end. */
import { strict as assert } from 'node:assert';
import type { Part } from '../bench.ts';
import { pause, timed } from '../measure.ts';
import { row } from '../row.ts';
import { consume } from './output.ts';
import { docker } from './sessions.ts';

const ROUNDS = 5;

export const flood: Part = {
  name: 'flood',
  needs: ['docker'],
  async run(bench) {
    const client = await bench.daemon({}, { output: { flowControl: true } });
    const flooding = await client.request('session/create', { ...docker, limits: { outputBytes: 2 ** 36 } });
    const { sessionId } = await client.request('session/create', docker);
    const seen = consume(client);
    const quiet: number[] = [];
    const loaded: number[] = [];
    const trues = async (times: number[]) => {
      for (let turn = 0; turn < bench.many / ROUNDS; turn++) {
        times.push(await timed(async () => assert.equal((await client.request('command/executeShell', { sessionId, command: ['true'] })).exitCode, 0)));
        await pause(20);
      }
    };
    bench.say('`true` while another session prints without end');
    await trues([]);
    for (let round = 0; round < ROUNDS; round++) {
      await trues(quiet);
      seen.bytes = 0;
      const running = client.call('command/executeShell', { sessionId: flooding.sessionId, command: 'yes', commandId: `flood ${round}` });
      await pause(200);
      await trues(loaded);
      client.notify('$/cancelRequest', { id: running.id });
      assert.equal((await running).result.outcome, 'cancelled');
      assert.ok(seen.bytes > 0);
      await pause(200);
    }
    return [row({ name: 'command/executeShell of `true` in Docker while another session prints without end', against: 'the same while nothing else runs', ours: loaded, theirs: quiet, target: { maxSlowdown: 2 } })];
  },
};

/** What a session feels of another one that prints without end. */
import { strict as assert } from 'node:assert';
import type { Part } from '../bench.ts';
import { pause, timed } from '../measure.ts';
import { row } from '../row.ts';
import { consume } from './output.ts';
import { docker } from './sessions.ts';

const ROUNDS = 5;

export const flood: Part = {
  name: 'flood',
  async run(bench) {
    const client = await bench.daemon({}, { output: { flowControl: true } });
    const flooding = await client.request('session/create', { ...docker, limits: { outputBytes: 2 ** 36 } });
    const { sessionId } = await client.request('session/create', docker);
    const seen = consume(client);
    const quiet: number[] = [];
    const loaded: number[] = [];
    const noops = async (times: number[]) => {
      for (let turn = 0; turn < bench.many / ROUNDS; turn++) {
        times.push(await timed(async () => assert.equal((await client.request('command/executeShell', { sessionId, command: ['true'] })).exitCode, 0)));
        await pause(20);
      }
    };
    bench.say('no-op while another session floods');
    await noops([]);
    for (let round = 0; round < ROUNDS; round++) {
      await noops(quiet);
      seen.bytes = 0;
      const running = client.call('command/executeShell', { sessionId: flooding.sessionId, command: 'yes', commandId: `flood ${round}` });
      await pause(200);
      await noops(loaded);
      client.notify('$/cancelRequest', { id: running.id });
      assert.equal((await running).result.outcome, 'cancelled');
      assert.ok(seen.bytes > 0);
      await pause(200);
    }
    return [row({ name: 'no-op while another session floods, docker', against: 'the same, unloaded', ours: loaded, theirs: quiet, mark: { share: 2 } })];
  },
};

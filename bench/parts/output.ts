/** The rate at which 1 GiB of a program's output reaches a client that acknowledges it, and how far the daemon's memory grows meanwhile. */
import { strict as assert } from 'node:assert';
import type { Part } from '../bench.ts';
import { alternate } from '../measure.ts';
import { IdleContainer } from '../peers/docker.ts';
import { growth, MiB } from '../proc.ts';
import { rates, row } from '../row.ts';
import type { RawClient } from '../../test/e2e/raw-client.ts';
import { docker } from './sessions.ts';

const GiB = 1024 * MiB;
/** Makes a file with 64 MiB of lines of text. To print it 16 times is the fastest way for a program to print 1 GiB. */
export const makeLarge = 'yes "$(printf "%63s" "a line of what a program prints")" | head -c 67108864 > /tmp/large';
export const printLarge = ['sh', '-c', 'for i in 1 2 3 4; do cat /tmp/large /tmp/large /tmp/large /tmp/large; done'];

/** Acknowledges the output of commands, and counts its bytes. */
export function consume(client: RawClient): { bytes: number } {
  const seen = { bytes: 0 };
  client.onNotification = ({ method, params }) => {
    client.notifications.length = 0;
    if (method !== 'command/output') return;
    seen.bytes += params.data.length;
    client.notify('command/ack', { commandId: params.commandId, seq: params.seq });
  };
  return seen;
}

export const output: Part = {
  name: 'output',
  needs: ['docker'],
  async run(bench) {
    const client = await bench.daemon({}, { output: { flowControl: true } });
    const container = await IdleContainer.start(bench.image);
    bench.atEnd(() => container.remove());
    const { sessionId } = await client.request('session/create', { ...docker, limits: { outputBytes: 2 * GiB } });
    await client.request('command/executeShell', { sessionId, command: makeLarge });
    await container.exec(['sh', '-c', makeLarge]);
    const seen = consume(client);
    const grown: number[] = [];
    bench.say('1 GiB of output');
    const times = await alternate(
      {
        ours: {
          run: async () => {
            seen.bytes = 0;
            grown.push(await growth(client.process.pid as number, async () => {
              const { stdoutBytes } = await client.request('command/executeShell', { sessionId, command: printLarge, commandId: `flood ${grown.length}` });
              assert.equal(stdoutBytes, GiB);
            }));
            assert.equal(seen.bytes, GiB);
          },
        },
        theirs: { run: async () => assert.equal(await container.countOutput(printLarge), GiB) },
      },
      { runs: Math.max(3, bench.few / 4), warmUp: 0, pauseMs: 500 },
    );
    const name = 'a program in Docker prints 1 GiB';
    return [
      row({ name, against: 'docker exec cat', unit: 'MiB/s', ours: rates(1024, times.ours), theirs: rates(1024, times.theirs), target: { p50: 200 } }),
      row({ name: `${name}: growth of the daemon's memory`, unit: 'MiB', ours: grown.map((bytes) => bytes / MiB), target: { p99: 32 } }),
    ];
  },
};

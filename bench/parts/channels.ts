/** The data channel: the rates of large files and of output as raw bytes, and what a flood on it costs others. */
import { strict as assert } from 'node:assert';
import { randomBytes } from 'node:crypto';
import { closeSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { DataClient, Pipe } from '../../test/e2e/data-client.ts';
import type { RawClient } from '../../test/e2e/raw-client.ts';
import type { Bench, Part } from '../bench.ts';
import { alternate, pause, timed } from '../measure.ts';
import { IdleContainer } from '../peers/docker.ts';
import { MiB } from '../proc.ts';
import { rates, row } from '../row.ts';
import { makeLarge, printLarge } from './output.ts';
import { docker } from './sessions.ts';

const SIZE = 64 * MiB;
const GiB = 1024 * MiB;
const ROUNDS = 5;

interface Ends {
  readonly client: RawClient;
  readonly data: DataClient;
  readonly sessionId: string;
}

export const channels: Part = {
  name: 'channels',
  needs: ['docker'],
  async run(bench) {
    const pipe = new Pipe();
    await pipe.listening();
    const client = await bench.daemon({}, { channels: { data: { pipe: pipe.path } } });
    bench.atEnd(() => pipe.close());
    const data = new DataClient(await pipe.socket);
    const container = await IdleContainer.start(bench.image);
    bench.atEnd(() => container.remove());
    const { sessionId } = await client.request('session/create', { ...docker, limits: { outputBytes: 2 ** 36 } });
    const ends = { client, data, sessionId };
    const files = await largeFile(bench, ends, container);
    const output = await printing(bench, ends, container);
    const { quiet, loaded } = await besideFlood(bench, ends);
    const shape = { unit: 'MiB/s' } as const;
    return [
      row({ name: 'write a binary file of 64 MiB in Docker over the data channel', ...shape, against: 'docker cp', ...files.write, target: { minSpeedup: 0.8 } }),
      row({ name: 'read a binary file of 64 MiB in Docker over the data channel', ...shape, against: 'docker cp', ...files.read, target: { minSpeedup: 0.8 } }),
      row({ name: 'a program in Docker prints 1 GiB over the data channel', ...shape, against: 'docker exec cat', ...output, target: { minSpeedup: 0.9 } }),
      row({ name: 'command/executeShell of `true` in Docker while another session prints without end over the data channel', against: 'the same while nothing else runs', ours: loaded, theirs: quiet, target: { maxSlowdown: 1.5 } }),
    ];
  },
};

async function largeFile(bench: Bench, { client, data, sessionId }: Ends, container: IdleContainer) {
  bench.say('a file of 64 MiB');
  const content = randomBytes(SIZE);
  const [from, to] = [`${bench.folder}/from`, `${bench.folder}/to`];
  writeFileSync(from, content);
  const times = await alternate(
    {
      // Both sides begin and end with a file on this machine.
      write: {
        run: async () => {
          const written = client.request('command/writeFile', { sessionId, path: 'large', content: '', stream: 1 });
          await data.send(1, readFileSync(from));
          assert.equal((await written).bytes, SIZE);
        },
      },
      copyIn: { run: () => container.copyIn(from, 'large') },
      read: {
        run: async () => {
          const file = openSync(to, 'w');
          const arriving = data.receive(2, (piece) => writeSync(file, piece));
          assert.equal((await client.request('command/readFile', { sessionId, path: 'large', stream: 2 })).bytes, SIZE);
          assert.equal(await arriving, 'end');
          closeSync(file);
        },
        after: async () => assert.ok(readFileSync(to).equals(content)),
      },
      copyOut: { run: () => container.copyOut('large', to), after: async () => assert.ok(readFileSync(to).equals(content)) },
    },
    { runs: bench.few, pauseMs: 100 },
  );
  const rate = (list: number[]) => rates(SIZE / MiB, list);
  return { write: { ours: rate(times.write), theirs: rate(times.copyIn) }, read: { ours: rate(times.read), theirs: rate(times.copyOut) } };
}

async function printing(bench: Bench, { client, data, sessionId }: Ends, container: IdleContainer) {
  bench.say('1 GiB of output');
  await client.request('command/executeShell', { sessionId, command: makeLarge });
  await container.exec(['sh', '-c', makeLarge]);
  const times = await alternate(
    {
      ours: {
        run: async () => {
          let bytes = 0;
          const end = data.receive(3, (piece) => (bytes += piece.length));
          assert.equal((await client.request('command/executeShell', { sessionId, command: printLarge, outputStreams: { stdout: 3 } })).stdoutBytes, GiB);
          assert.equal(await end, 'end');
          assert.equal(bytes, GiB);
        },
      },
      theirs: { run: async () => assert.equal(await container.countOutput(printLarge), GiB) },
    },
    { runs: Math.max(3, bench.few / 4), warmUp: 0, pauseMs: 500 },
  );
  return { ours: rates(1024, times.ours), theirs: rates(1024, times.theirs) };
}

async function besideFlood(bench: Bench, { client, data, sessionId: flooding }: Ends) {
  bench.say('`true` while another session prints without end');
  const { sessionId } = await client.request('session/create', docker);
  const quiet: number[] = [];
  const loaded: number[] = [];
  const trues = async (times: number[]) => {
    for (let turn = 0; turn < bench.many / ROUNDS; turn++) {
      times.push(await timed(async () => assert.equal((await client.request('command/executeShell', { sessionId, command: ['true'] })).exitCode, 0)));
      await pause(20);
    }
  };
  await trues([]);
  for (let round = 0; round < ROUNDS; round++) {
    await trues(quiet);
    let bytes = 0;
    void data.receive(4, (piece) => (bytes += piece.length));
    const running = client.call('command/executeShell', { sessionId: flooding, command: 'yes', outputStreams: { stdout: 4 } });
    await pause(200);
    await trues(loaded);
    client.notify('$/cancelRequest', { id: running.id });
    assert.equal((await running).result.outcome, 'cancelled');
    assert.ok(bytes > 0);
    await pause(200);
  }
  return { quiet, loaded };
}

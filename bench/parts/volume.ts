/** The rate at which large files are written and read in pieces, compared with `docker cp`. */
import { strict as assert } from 'node:assert';
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import type { Bench, Part } from '../bench.ts';
import { alternate } from '../measure.ts';
import { IdleContainer } from '../peers/docker.ts';
import { MiB } from '../proc.ts';
import { rates, row, type Target } from '../row.ts';
import type { RawClient } from '../../test/e2e/raw-client.ts';
import { docker } from './sessions.ts';

const SIZE = 64 * MiB;
/** A file is sent in pieces of this size, so that the next one is on its way while one is worked on. */
const PIECE = 4 * MiB;

type Encoding = 'utf-8' | 'base64';

const contents: Record<Encoding, Buffer> = {
  'utf-8': Buffer.alloc(SIZE, `${'a line of a file that is not small'.padEnd(63)}\n`),
  base64: Buffer.concat(Array.from({ length: 64 }, () => randomBytes(MiB))),
};

export const volume: Part = {
  name: 'volume',
  needs: ['docker'],
  async run(bench) {
    const client = await bench.daemon();
    const container = await IdleContainer.start(bench.image);
    bench.atEnd(() => container.remove());
    const { sessionId } = await client.request('session/create', docker);
    const text = await both(bench, { client, container, sessionId }, 'utf-8');
    const binary = await both(bench, { client, container, sessionId }, 'base64');
    const target: Target = { p50: 150 };
    const shape = { unit: 'MiB/s', against: 'docker cp' } as const;
    return [
      row({ name: 'write a text file of 64 MiB in Docker', ...shape, ...text.write, target }),
      row({ name: 'read a text file of 64 MiB in Docker', ...shape, ...text.read, target }),
      row({ name: 'write a binary file of 64 MiB in Docker, as base64', ...shape, ...binary.write }),
      row({ name: 'read a binary file of 64 MiB in Docker, as base64', ...shape, ...binary.read }),
    ];
  },
};

interface Ends {
  readonly client: RawClient;
  readonly container: IdleContainer;
  readonly sessionId: string;
}

async function both(bench: Bench, { client, container, sessionId }: Ends, encoding: Encoding) {
  bench.say(`a file of 64 MiB, ${encoding}`);
  const content = contents[encoding];
  const [from, to] = [`${bench.folder}/from`, `${bench.folder}/to`];
  writeFileSync(from, content);
  const pieces = Array.from({ length: SIZE / PIECE }, (_, index) => index * PIECE);
  let received: string[] = [];
  const times = await alternate(
    {
      write: {
        run: async () => {
          const sent = pieces.map((at) => client.request('command/writeFile', {
            sessionId, path: 'large', encoding, mode: at === 0 ? 'overwrite' : 'append', content: content.toString(encoding, at, at + PIECE),
          }));
          for (const { bytes } of await Promise.all(sent)) assert.equal(bytes, PIECE);
        },
      },
      copyIn: { run: () => container.copyIn(from, 'large') },
      read: {
        run: async () => {
          const answers = await Promise.all(pieces.map((offset) => client.request('command/readFile', { sessionId, path: 'large', encoding, offset, length: PIECE })));
          received = answers.map((answer) => answer.content);
        },
        after: async () => assert.ok(Buffer.concat(received.map((piece) => Buffer.from(piece, encoding))).equals(content)),
      },
      copyOut: { run: () => container.copyOut('large', to), after: async () => assert.ok(readFileSync(to).equals(content)) },
    },
    { runs: bench.few, pauseMs: 100 },
  );
  const rate = (list: number[]) => rates(SIZE / MiB, list);
  return {
    write: { ours: rate(times.write), theirs: rate(times.copyIn) },
    read: { ours: rate(times.read), theirs: rate(times.copyOut) },
  };
}

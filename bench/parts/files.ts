/** How long it takes to write, read and list small files, compared with Docker's archive API. */
import { strict as assert } from 'node:assert';
import type { Part } from '../bench.ts';
import { alternate } from '../measure.ts';
import { IdleContainer } from '../peers/docker.ts';
import { row, type Target } from '../row.ts';
import { docker } from './sessions.ts';

/** 4 KiB in short lines, as source code has them. */
const text = `${'if (position < line.length) return line;'.padEnd(63)}\n`.repeat(64);
const content = Buffer.from(text);
const target: Target = { p50: 1.5, minSpeedup: 30 };
const against = 'Docker archive API';
const FILES = 100;

export const files: Part = {
  name: 'files',
  needs: ['docker'],
  async run(bench) {
    const client = await bench.daemon();
    const container = await IdleContainer.start(bench.image);
    bench.atEnd(() => container.remove());
    const { sessionId } = await client.request('session/create', docker);
    const plan = { runs: bench.many };

    bench.say('write 4 KiB');
    const write = await alternate(
      {
        ours: { run: async () => assert.equal((await client.request('command/writeFile', { sessionId, path: 'four', content: text })).bytes, 4096) },
        theirs: { run: () => container.write('four', content) },
      },
      plan,
    );
    bench.say('read 4 KiB');
    const read = await alternate(
      {
        ours: { run: async () => assert.equal((await client.request('command/readFile', { sessionId, path: 'four' })).content, text) },
        theirs: { run: async () => assert.ok((await container.read('four')).equals(content)) },
      },
      plan,
    );
    bench.say('list 100 files');
    const command = 'mkdir many && cd many && for i in $(seq 100); do echo $i > file$i; done';
    await client.request('command/executeShell', { sessionId, command });
    await container.exec(['sh', '-c', `cd /tmp && ${command}`]);
    const list = await alternate(
      {
        ours: { run: async () => assert.equal((await client.request('command/listDirectory', { sessionId, path: 'many' })).entries.length, FILES) },
        theirs: { run: async () => assert.equal((await container.list('many')).length, FILES) },
      },
      plan,
    );
    return [
      row({ name: 'write a file of 4 KiB in Docker', against, ...write, target }),
      row({ name: 'read a file of 4 KiB in Docker', against, ...read, target }),
      row({ name: 'list a folder of 100 files in Docker', against, ...list, target }),
    ];
  },
};

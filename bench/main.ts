/**
 * `npm run bench`: the real daemon over stdio, beside what a user would use instead, in one run.
 * Prints one table; with --json FILE the figures go there too. Needs Docker and the image $BENCH_IMAGE (codebeaker-test).
 */
import { strict as assert } from 'node:assert';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { RawClient } from '../test/e2e/raw-client.ts';
import { createAndStart, dockerRun, IdleContainer } from './docker.ts';
import { measure, type Row, table } from './measure.ts';

// Every Node start would pay for it, on both sides and for nothing.
delete process.env.NODE_EXTRA_CA_CERTS;

const { values } = parseArgs({ options: { json: { type: 'string' }, runs: { type: 'string', default: '100' } } });
const image = process.env.BENCH_IMAGE ?? 'codebeaker-test';
const many = Number(values.runs);
const few = Math.max(5, Math.floor(many / 5));
const folder = mkdtempSync(join(tmpdir(), 'codebeaker-bench-'));
const config = join(folder, 'config.json');
const languages = ['python', 'javascript', 'typescript', 'go', 'csharp', 'ruby', 'shellscript'];
writeFileSync(config, JSON.stringify({ stateDir: join(folder, 'state'), images: Object.fromEntries(languages.map((id) => [id, image])) }));

const environment = { CODEBEAKER_CONFIG: config };
const client = new RawClient({ env: environment });
const container = await IdleContainer.start(image);
const run = promisify(execFile);

try {
  await client.initialize();
  const docker = { runtime: 'docker', language: 'python' };
  const { sessionId } = await client.request('session/create', docker);
  const content = Buffer.alloc(4096, 'codebeaker');
  const text = content.toString();
  const rows: Row[] = [];
  const add = async (sides: Parameters<typeof measure>[0]) => {
    process.stderr.write(`${sides.name}…\n`);
    rows.push(await measure(sides));
  };

  await add({
    name: 'start, to initialize answered',
    against: 'node -e 0',
    runs: few,
    ours: async () => {
      const other = new RawClient({ env: environment });
      await other.initialize();
      other.process.kill('SIGKILL');
    },
    theirs: async () => void (await run(process.execPath, ['-e', '0'])),
  });

  await add({
    name: 'executeShell true',
    against: 'docker exec (API)',
    runs: many,
    ours: async () => {
      const { outcome, exitCode } = await client.request('command/executeShell', { sessionId, command: ['true'] });
      assert.deepEqual([outcome, exitCode], ['exited', 0]);
    },
    theirs: async () => assert.equal((await container.exec(['true'])).exitCode, 0),
  });

  await add({
    name: 'runCode hello, Python',
    against: 'docker exec (API)',
    runs: many,
    ours: async () => {
      const { stdout } = await client.request('command/runCode', { sessionId, language: 'python', code: 'print("hello")' });
      assert.equal(stdout, 'hello\n');
    },
    theirs: async () => assert.equal((await container.exec(['python3', '-c', 'print("hello")'])).output, 'hello\n'),
  });

  await add({
    name: 'write 4 KiB',
    against: 'archive API',
    runs: many,
    ours: async () => {
      const { bytes } = await client.request('command/writeFile', { sessionId, path: 'four', content: text });
      assert.equal(bytes, 4096);
    },
    theirs: () => container.write('four', content),
  });

  await add({
    name: 'read 4 KiB',
    against: 'archive API',
    runs: many,
    ours: async () => {
      assert.equal((await client.request('command/readFile', { sessionId, path: 'four' })).content, text);
    },
    theirs: async () => assert.ok((await container.read('four')).equals(content)),
  });

  const made: string[] = [];
  const started: (() => Promise<void>)[] = [];
  await add({
    name: 'session/create, cold',
    against: 'create + start (API)',
    runs: few,
    ours: async () => {
      const session = await client.request('session/create', docker);
      assert.equal(session.state, 'ready');
      made.push(session.sessionId);
      if (made.length > 1) void client.request('session/close', { sessionId: made.shift() });
    },
    theirs: async () => {
      started.push(await createAndStart(image));
      if (started.length > 1) void started.shift()?.();
    },
  });
  await Promise.all(started.map((remove) => remove()));
  await Promise.all(made.map((id) => client.request('session/close', { sessionId: id })));

  await add({
    name: 'fresh session + Python hello',
    against: 'docker run --rm',
    runs: few,
    ours: async () => {
      const session = await client.request('session/create', docker);
      const { stdout } = await client.request('command/runCode', { sessionId: session.sessionId, code: 'print("hello")' });
      assert.equal(stdout, 'hello\n');
      void client.request('session/close', { sessionId: session.sessionId });
    },
    theirs: async () => assert.equal(await dockerRun(image, ['python3', '-c', 'print("hello")']), 'hello\n'),
  });

  const machine = `${cpus().length} cores, Node ${process.version}`;
  process.stdout.write(`${table(rows)}\n\n${machine}\n`);
  if (values.json) writeFileSync(values.json, `${JSON.stringify({ machine, rows }, null, 2)}\n`);
} finally {
  await container.remove();
  await client.end();
  rmSync(folder, { recursive: true, force: true });
}

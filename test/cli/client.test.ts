/** The connection between the command line and the daemon in its process: nothing is lost on the way. */
import { packagesPolicy } from '../../server/src/policy/packages.ts';
import { defaultSizes } from '../../server/src/policy/sizes.ts';
import { expect } from 'chai';
import { createHash } from 'node:crypto';
import type { Daemon } from '../../server/src/cli/daemon.ts';
import type { Surroundings } from '../../server/src/cli/surroundings.ts';
import { connectLocally } from '../../server/src/cli/client.ts';
import { collectOutput, showOutput, type Terminal } from '../../server/src/cli/streams.ts';
import { recordingLog } from '../wire/server.ts';
import { FakeClock } from '../fakes/clock.ts';
import { fakeHouse } from '../fakes/house.ts';
import { FakeRuntime } from '../fakes/runtime.ts';

const MiB = 1024 * 1024;
const BYTES = 5 * MiB + 123;
const expected = Buffer.alloc(BYTES, '0123456789abcde\n');
const digest = (bytes: Buffer | string) => createHash('sha256').update(bytes).digest('hex');

async function connect() {
  const clock = new FakeClock();
  const log = recordingLog([]);
  const runtimes = [new FakeRuntime({ clock, languages: ['python'] })];
  const { open, openSole, catalog } = fakeHouse({ runtimes, clock, log });
  const daemon: Daemon = { open, openSole, runtimes, catalog, packages: packagesPolicy({}), sizes: defaultSizes, secrets: [], scans: false, log, watch: () => undefined, refused: () => undefined, unread: () => undefined, lowerLog: () => () => undefined, debuggers: async () => ({ report: async () => [] }), close: async () => undefined };
  const surroundings = { clock, version: '1' } as unknown as Surroundings;
  const client = await connectLocally(daemon, surroundings, { capabilities: { output: { flowControl: true } } });
  const { connection } = client;
  const { sessionId } = await connection.sendRequest<{ sessionId: string }>('session/create', { language: 'python' });
  const flood = (params: object) => connection.sendRequest('command/executeShell', { sessionId, command: `flood ${BYTES}`, commandId: 'run', ...params });
  return { client, connection, flood, runtimes };
}

describe('the connection of the command line to its daemon', () => {
  it('loses nothing of much output', async () => {
    const { client, connection, flood } = await connect();
    const collected = collectOutput(connection);
    const running = flood({});
    // Answers use the same buffer: one message must not be changed by the next.
    for (let turn = 0; turn < 100; turn += 1) await connection.sendRequest('session/list', {});
    expect(await running).to.include({ outcome: 'exited', stdoutBytes: BYTES });
    expect(digest(collected().stdout)).to.equal(digest(expected));
    await client.close();
  });

  it('loses nothing if the terminal is slow', async () => {
    const { client, connection, flood } = await connect();
    const shown: Buffer[] = [];
    const slow = { write: (bytes: Buffer, done: () => void) => setImmediate(() => (shown.push(Buffer.from(bytes)), done())) };
    showOutput(connection, { stdout: slow, stderr: slow } as unknown as Terminal, { heard: () => undefined, whenFree: (write) => write() });
    await flood({ outputEncoding: 'base64' });
    await new Promise<void>((resolve) => void setImmediate(resolve));
    expect(digest(Buffer.concat(shown))).to.equal(digest(expected));
    await client.close();
  });

  it('leaves nothing behind when it closes, whatever runs', async () => {
    const { client, flood, runtimes } = await connect();
    const running = flood({}).catch(() => undefined);
    await client.close();
    await running;
    expect(runtimes[0]?.open).to.deep.equal([]);
  });
});

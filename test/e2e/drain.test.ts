/** A daemon of an editor that gets SIGTERM: it ends at once, unless the configuration gives time to what runs. */
import { expect } from 'chai';
import { need } from '../require.ts';
import { bubblewrap } from '../runtime/kinds/native/subject.ts';
import { controlGroups, daemonEnvironment, folders, GONE_MS, until } from './environment.ts';
import { RawClient } from './raw-client.ts';

/** Runs until a signal ends it. */
const WAITS = 'echo begins; while :; do sleep 0.05; done';

describe('a daemon of an editor that gets SIGTERM', () => {
  before(need('bubblewrap', bubblewrap));

  let client: RawClient;
  let sessionId: string;
  let running: ReturnType<RawClient['call']>;
  async function start(config: object): Promise<void> {
    client = new RawClient({ env: daemonEnvironment(config) });
    await client.initialize({ session: { stateChanged: true } });
    ({ sessionId } = await client.request('session/create', { language: 'python', runtime: 'native' }));
    running = client.call('command/executeShell', { sessionId, commandId: 'waits', command: WAITS });
    await until('the program runs', () => told() === 'begins\n');
  }
  const told = () => client.notifications.filter(({ method }) => method === 'command/output').map(({ params }) => params.data as string).join('');
  const left = () => client.notifications.filter(({ method }) => method === 'session/stateChanged').map(({ params }) => params.reason as string | undefined).at(-1);
  const nothingLeft = () => until('nothing is left', () => folders(client.process.pid as number).length + controlGroups(client.process.pid as number).length === 0, GONE_MS);

  it('ends what runs at once, and tells how it ended', async () => {
    await start({});
    client.process.kill('SIGTERM');
    expect((await running).result?.outcome).to.equal('cancelled');
    expect(await client.exited).to.equal(1);
    expect(left()).to.equal('shutdown');
    await nothingLeft();
  });

  it('gives what runs the time of drain.deadlineMs, and takes on nothing new', async () => {
    await start({ drain: { deadlineMs: 60_000 } });
    client.process.kill('SIGTERM');
    await until('nothing new is taken on', async () => (await client.call('command/writeFile', { sessionId, path: 'other', content: '' })).error?.code === 1005);
    expect((await client.call('session/create', { language: 'python', runtime: 'native' })).error?.data.kind).to.equal('ShuttingDown');
    await client.call('command/signal', { commandId: 'waits', signal: 'SIGTERM' });
    const { result } = await running;
    expect([result?.outcome, result?.signal]).to.deep.equal(['signaled', 'SIGTERM']);
    expect(await client.exited).to.equal(1);
    expect(left()).to.equal('shutdown');
    await nothingLeft();
  });

  for (const [what, hurry] of Object.entries<() => unknown>({
    'a second signal': () => void client.process.kill('SIGINT'),
    'a client that has gone': () => void client.process.stdin?.end(),
  })) {
    it(`waits no longer after ${what}`, async () => {
      await start({ drain: { deadlineMs: 600_000 } });
      client.process.kill('SIGTERM');
      await until('nothing new is taken on', async () => (await client.call('command/writeFile', { sessionId, path: 'other', content: '' })).error?.code === 1005);
      hurry();
      expect(await client.exited).to.equal(1);
      await nothingLeft();
    });
  }
});

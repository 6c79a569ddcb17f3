/** A daemon that listens, as whoever looks after it meets it: it drains when it is told to end, and reads its configuration again. */
import { expect } from 'chai';
import { readFileSync, writeFileSync } from 'node:fs';
import { need } from '../require.ts';
import { bubblewrap } from '../runtime/kinds/native/subject.ts';
import { controlGroups, daemonEnvironment, folders, GONE_MS, until } from './environment.ts';
import { RemoteDaemon, type RemoteClient } from './remote-daemon.ts';

/** Runs until a signal ends it. */
const WAITS = 'echo begins; while :; do sleep 0.05; done';

describe('a daemon that listens', () => {
  before(need('bubblewrap', bubblewrap));

  let daemon: RemoteDaemon;
  let client: RemoteClient;
  /** The file of its configuration. */
  let path: string;
  let count = 0;
  const told = (commandId: string) => client.notifications.filter(({ method, params }) => method === 'command/output' && params.commandId === commandId).map(({ params }) => params.data as string).join('');
  const session = async (more: object = {}) => (await client.request('session/create', { language: 'python', runtime: 'native', ...more })).sessionId as string;
  async function waiting(sessionId: string) {
    const commandId = `waits-${++count}`;
    const answer = client.call('command/executeShell', { sessionId, commandId, command: WAITS });
    await until('the program runs', () => told(commandId) === 'begins\n');
    return { commandId, answer };
  }
  async function start(config: object = {}): Promise<void> {
    const env = daemonEnvironment({ log: { level: 'info' }, ...config });
    path = env.CODEBEAKER_CONFIG as string;
    daemon = await RemoteDaemon.start({ env });
    client = daemon.client();
    await client.initialize({ session: { stateChanged: true } });
  }
  const nothingLeft = () => until('nothing is left', () => folders(daemon.pid).length + controlGroups(daemon.pid).length === 0, GONE_MS);
  const drains = (sessionId: string) => until('nothing new is taken on', async () => (await client.call('command/writeFile', { sessionId, path: 'other', content: '' })).error?.data.kind === 'ShuttingDown');

  it('drains when it gets SIGTERM: nothing new is taken on, what runs ends by itself, and it exits with 0', async () => {
    await start({ drain: { deadlineMs: 60_000 } });
    const sessionId = await session();
    const { commandId, answer } = await waiting(sessionId);
    daemon.process.kill('SIGTERM');
    await drains(sessionId);
    const ready = await daemon.fetch('/readyz');
    expect([ready.status, await ready.json()]).to.deep.equal([503, { ok: false, reasons: ['draining: the daemon is shutting down and takes on nothing new'] }]);
    expect((await client.request('server/health')).status).to.equal('degraded');
    const late = daemon.client();
    await late.initialize();
    expect((await late.call('session/create', { language: 'python', runtime: 'native' })).error?.code).to.equal(1005);
    await client.call('command/signal', { commandId, signal: 'SIGTERM' });
    expect((await answer).result?.outcome).to.equal('signaled');
    expect(await daemon.exited).to.equal(0);
    expect(client.notifications.filter(({ method }) => method === 'session/stateChanged').map(({ params }) => params.reason).at(-1)).to.equal('shutdown');
    await nothingLeft();
  });

  it('ends what runs when its time is over, tells its outcome, and exits with 0', async () => {
    await start({ drain: { deadlineMs: 300 } });
    const { answer } = await waiting(await session());
    daemon.process.kill('SIGTERM');
    expect((await answer).result?.outcome).to.equal('cancelled');
    expect(await daemon.exited).to.equal(0);
    await nothingLeft();
  });

  it('waits no longer when it gets a second signal, and exits as that says', async () => {
    await start({ drain: { deadlineMs: 600_000 } });
    const sessionId = await session();
    const { answer } = await waiting(sessionId);
    daemon.process.kill('SIGTERM');
    await drains(sessionId);
    daemon.process.kill('SIGINT');
    expect((await answer).result?.outcome).to.equal('cancelled');
    expect(await daemon.exited).to.equal(130);
    await nothingLeft();
  });

  it('reads its configuration again when it gets SIGHUP, and keeps the one before where the new one has faults', async () => {
    await start();
    const config = JSON.parse(readFileSync(path, 'utf8')) as object;
    const sessionId = await session();
    const print = async () => (await client.request('command/executeShell', { sessionId, command: 'echo 123456789' })).outcome as string;
    const reload = async (text: string, told: string) => {
      writeFileSync(path, text);
      daemon.process.kill('SIGHUP');
      await until(told, () => daemon.stderr.includes(told));
    };
    expect(await print()).to.equal('exited');
    await reload('{"limits": {"pids": "many"}}', 'the configuration was not read again, and the one before stays in force');
    expect(await print()).to.equal('exited');
    await reload(JSON.stringify({ ...config, maxLimits: { outputBytes: 5 }, stateDir: '/elsewhere' }), 'this has changed: maxLimits.outputBytes');
    expect(daemon.stderr).to.contain('counts only when the daemon has been started anew: stateDir');
    await until('the session is held to it', async () => (await print()) === 'outputLimit');
    expect(await daemon.stop()).to.equal(0);
  });
});

/** Somebody kills, removes and pauses the containers of a daemon with `docker`: what is told is true, and nothing is left. */
import { execFileSync } from 'node:child_process';
import { expect } from 'chai';
import { dockerImage, need } from '../require.ts';
import { busybox } from '../runtime/kinds/docker/real.ts';
import { containers, daemonEnvironment, folders, until } from './environment.ts';
import { RawClient } from './raw-client.ts';

describe('a container that somebody else', function () {
  this.timeout(90_000);
  before(need('docker', dockerImage(busybox)));

  let client: RawClient;
  const start = async (config: object = {}) => {
    client = new RawClient({ env: daemonEnvironment({ images: { python: busybox }, ...config }) });
    await client.initialize({ session: { stateChanged: true } });
  };
  afterEach(async () => {
    expect(await client.end()).to.equal(0);
    const pid = client.process.pid as number;
    await until('nothing is left', () => containers(pid).length + folders(pid).length === 0);
    expect(client.stderr.replace(/^.*destroying a sandbox: a program could not be killed(?: \(session=\w+\))?\n/, '')).to.equal('');
  });

  const docker = (...words: string[]) => execFileSync('docker', words, { stdio: 'pipe' });
  const only = () => containers(client.process.pid)[0] as string;
  const session = async () => (await client.request('session/create', { language: 'python', runtime: 'docker' })).sessionId as string;
  const works = async (sessionId: string) => {
    const { outcome, exitCode, stdout } = await client.request('command/executeShell', { sessionId, command: 'echo works; exit 7' });
    expect([outcome, exitCode, stdout]).to.deep.equal(['exited', 7, 'works\n']);
  };

  /** Starts a command that prints a line, and exits with 3 when it gets SIGTERM. */
  const begin = async (sessionId: string): Promise<{ answer: ReturnType<RawClient['call']> }> => {
    const before = client.notifications.length;
    const answer = client.call('command/executeShell', { sessionId, commandId: 'waits', command: "trap 'exit 3' TERM; echo begins; while :; do sleep 0.05; done" });
    await until('the command runs', () => client.notifications.slice(before).some(({ method, params }) => method === 'command/output' && params.commandId === 'waits'));
    return { answer };
  };
  const terminate = () => client.call('command/signal', { commandId: 'waits', signal: 'SIGTERM' });

  const lost = (sessionId: string) => until('the client is told that the session is lost', () =>
    client.notifications.some(({ method, params }) => method === 'session/stateChanged' && params.sessionId === sessionId && params.state === 'closed' && params.reason === 'sandboxLost'));

  for (const [what, ...words] of [['kills', 'kill'], ['removes', 'rm', '--force']] as const) {
    it(`${what} during a command is lost, and so is its command`, async () => {
      await start();
      const sessionId = await session();
      const { answer } = await begin(sessionId);
      docker(...words, only());
      const { result } = await answer;
      expect([result?.outcome, result?.exitCode]).to.deep.equal(['sandboxLost', null]);
      await lost(sessionId);
      await works(await session());
    });

    it(`${what} between two commands is lost, and the client is told so before it asks`, async () => {
      await start();
      const sessionId = await session();
      await works(sessionId);
      docker(...words, only());
      await lost(sessionId);
      const { error } = await client.call('command/executeShell', { sessionId, command: 'exit 0' });
      expect([error?.data.kind, error?.data.reason]).to.deep.equal(['SessionClosed', 'sandboxLost']);
      await works(await session());
    });
  }

  it('pauses during a command is the same as before when it goes on', async () => {
    await start();
    const sessionId = await session();
    const { answer } = await begin(sessionId);
    docker('pause', only());
    const signaled = terminate();
    docker('unpause', only());
    const { result } = await answer;
    expect([result?.outcome, result?.exitCode]).to.deep.equal(['exited', 3]);
    expect((await signaled).error).to.equal(undefined);
    await works(sessionId);
  });

  it('pauses between two commands runs the next one when it goes on', async () => {
    await start();
    const sessionId = await session();
    await works(sessionId);
    docker('pause', only());
    const answer = works(sessionId);
    docker('unpause', only());
    await answer;
  });

  it('has paused is removed when its command is cancelled, and the command has no exit code', async () => {
    await start();
    const sessionId = await session();
    const { answer } = await begin(sessionId);
    docker('pause', only());
    client.notify('$/cancelRequest', { id: answer.id });
    const { result, error } = await answer;
    expect([result?.outcome ?? error?.data.kind, result?.exitCode]).to.deep.equal(['cancelled', null]);
    await until('the container is gone', () => containers(client.process.pid).length === 0);
  });

  it('has paused is removed when its session is closed', async () => {
    await start();
    const sessionId = await session();
    docker('pause', only());
    await client.request('session/close', { sessionId });
    expect(containers(client.process.pid)).to.deep.equal([]);
  });
});

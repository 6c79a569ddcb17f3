/** The Docker engine is killed, stopped and restarted in the middle of a command: what is told is true, and it goes on afterwards. */
import { expect } from 'chai';
import { dockerImage, need, program, root } from '../require.ts';
import { busybox } from '../runtime/kinds/docker/real.ts';
import { bubblewrap } from '../runtime/kinds/native/subject.ts';
import { controlGroups, daemonEnvironment, folders, until } from './environment.ts';
import { PrivateEngine } from './private-engine.ts';
import { RawClient } from './raw-client.ts';

/** Prints a line, ends with 3 when it gets SIGTERM, and prints nothing then that it was not told to. */
const WAITS = "trap 'echo ends; exit 3' TERM; echo begins; while :; do sleep 0.05; done";

/** The words and the fate of a command that runs WAITS. */
interface Waiting {
  readonly commandId: string;
  readonly told: () => string;
  readonly answer: ReturnType<RawClient['call']>;
}

describe('with an engine of its own, a daemon', function () {
  this.timeout(180_000);
  before(need('root', root));
  before(need('dockerd', program('dockerd')));
  before(need('docker', dockerImage(busybox)));
  before(need('bubblewrap', bubblewrap));

  let engine: PrivateEngine;
  let client: RawClient;
  let native: string;
  before(async () => {
    engine = new PrivateEngine();
    await engine.start();
    engine.load(busybox);
  });
  after(() => engine.remove());

  /** A native session with a command that must not notice anything. */
  let beside: Waiting;
  beforeEach(async () => {
    client = new RawClient({ env: daemonEnvironment({ docker: { host: `unix://${engine.socket}` }, images: { python: busybox } }) });
    await client.initialize({ session: { stateChanged: true } });
    native = await session('native');
    beside = await waiting(native);
  });
  afterEach(async () => {
    expect(await ended(beside)).to.deep.equal(['exited', 3, 'begins\nends\n']);
    await works(native);
    expect(await client.end()).to.equal(0);
    const pid = client.process.pid as number;
    await until('nothing is left', () => engine.containers().length + folders(pid).length + controlGroups(pid).length === 0);
    expect(client.stderr).to.equal('');
  });

  const session = async (runtime: string) => (await client.request('session/create', { language: 'python', runtime })).sessionId as string;
  const docker = (runtimes: any[]) => runtimes.find(({ id }) => id === 'docker').available as boolean;
  const changes = () => client.notifications.filter(({ method }) => method === 'runtime/changed').map(({ params }) => docker(params.runtimes));
  const works = async (sessionId: string) => {
    const { outcome, exitCode, stdout } = await client.request('command/executeShell', { sessionId, command: 'echo works; exit 7' });
    expect([outcome, exitCode, stdout]).to.deep.equal(['exited', 7, 'works\n']);
  };

  let count = 0;
  async function waiting(sessionId: string): Promise<Waiting> {
    const commandId = `waiting-${count++}`;
    const told = () => client.notifications.filter(({ method, params }) => method === 'command/output' && params.commandId === commandId && params.stream === 'stdout').map(({ params }) => params.data as string).join('');
    const answer = client.call('command/executeShell', { sessionId, commandId, command: WAITS });
    await until('the command runs', () => told() === 'begins\n');
    return { commandId, told, answer };
  }

  async function ended({ commandId, told, answer }: Waiting): Promise<unknown[]> {
    await client.call('command/signal', { commandId, signal: 'SIGTERM' });
    const { result } = await answer;
    return [result?.outcome, result?.exitCode, told()];
  }

  const ends: Record<string, NodeJS.Signals> = { 'is killed': 'SIGKILL', 'is restarted': 'SIGTERM' };
  for (const [what, signal] of Object.entries(ends)) {
    it(`whose engine ${what} in the middle of a command says that the sandbox is lost, and makes sandboxes when it is back`, async () => {
      const sessionId = await session('docker');
      const { answer, told } = await waiting(sessionId);
      engine.signal(signal);
      await engine.ended();
      const { result } = await answer;
      expect([result?.outcome, result?.exitCode, told()]).to.deep.equal(['sandboxLost', null, 'begins\n']);
      await until('the client is notified that the engine has gone', () => changes().at(-1) === false);
      const refused = await client.call('session/create', { language: 'python', runtime: 'docker' });
      expect(refused.error?.data.kind).to.equal('RuntimeUnavailable');

      await engine.start();
      await until('the client is notified that the engine is back', () => changes().at(-1) === true);
      await works(await session('docker'));
    });
  }

  it('whose engine is stopped for a while in the middle of a command lets the command end by itself, and makes the next sandbox when the engine goes on', async () => {
    const sessionId = await session('docker');
    const running = await waiting(sessionId);
    engine.signal('SIGSTOP');
    const next = client.call('session/create', { language: 'python', runtime: 'docker' });
    expect(await ended(running)).to.deep.equal(['exited', 3, 'begins\nends\n']);
    await works(sessionId);
    engine.signal('SIGCONT');
    await works((await next).result?.sessionId);
    expect(changes()).not.to.include(false);
  });

  it('whose engine is restarted while sessions are made tells of each what is true, and leaves nothing of those that failed', async () => {
    const create = () => client.call('session/create', { language: 'python', runtime: 'docker' });
    const early = [create(), create()];
    engine.signal('SIGTERM');
    const late = Array.from({ length: 6 }, create);
    await engine.ended();
    const down = await Promise.all([create(), create()]);
    for (const { error } of down) expect(error?.data).to.include({ kind: 'RuntimeUnavailable' }).and.to.include.keys('reason', 'hint');
    await engine.start();
    for (const { result, error } of await Promise.all([...early, ...late])) {
      if (error) expect(error.data.kind).to.be.oneOf(['RuntimeUnavailable', 'SandboxFailed', 'SandboxLost']);
      // The engine has ended its containers, or it was made by the one that came after.
      else expect((await client.call('command/executeShell', { sessionId: result.sessionId, command: 'echo works; exit 7' }))).to.satisfy((answer: { result?: { outcome: string; exitCode: number | null; stdout?: string }; error?: { data: { kind: string } } }) =>
        (answer.result?.exitCode === 7 && answer.result.stdout === 'works\n') || answer.result?.outcome === 'sandboxLost' || answer.error?.data.kind === 'SessionClosed');
    }
    await until('sessions are made again', async () => {
      const { result } = await create();
      if (!result) return false;
      await works(result.sessionId);
      return true;
    }, 60_000);
    // While the engine is down, what has failed can't be removed; the engine itself, or the end of the lease, does that.
    expect(client.stderr.split('\n').filter((line) => / (?:warn|error) \[/.test(line)).every((line) => line.includes('a container could not be removed'))).to.equal(true);
    client.stderr = '';
  });
});

/** However a daemon ends, it leaves nothing behind. */
import { spawn } from 'node:child_process';
import { expect } from 'chai';
import { dockerImage, need } from '../require.ts';
import { bubblewrap } from '../runtime/kinds/native/subject.ts';
import { containers, controlGroups, daemonEnvironment, folders, GONE_MS, image, processes, until } from './environment.ts';
import { RawClient } from './raw-client.ts';

/** Runs in the sandboxes. The odd durations can be found in the host's process list. One process has a session and a process group of its own. */
const BUSY = 'sleep 98761 & setsid sleep 98762 & while :; do :; done';

async function busyDaemon(client = new RawClient({ env: daemonEnvironment({ sessions: { max: 8 } }) })): Promise<RawClient> {
  await client.initialize();
  const sessions = await Promise.all(
    [...Array(2).fill('docker'), ...Array(2).fill('native'), 'deno'].map((runtime) => client.request('session/create', { language: 'javascript', runtime })),
  );
  for (const { sessionId, runtime } of sessions) {
    const busy = runtime !== 'deno'
      ? client.call('command/executeShell', { sessionId, command: BUSY })
      : client.call('command/runCode', { sessionId, code: 'for (;;);', commandId: 'spin' });
    void busy;
  }
  await until('all sandboxes are busy', () => processes('sleep 98762').length >= 4 && processes('deno').length >= 1);
  expect(containers(client.process.pid)).to.have.length(2);
  expect(controlGroups(client.process.pid as number)).not.to.deep.equal([]);
  return client;
}

async function nothingLeft({ process }: RawClient): Promise<void> {
  const daemon = process.pid as number;
  const left = () => ({
    containers: containers(daemon),
    processes: [...processes('sleep 9876'), ...processes(`/codebeaker-${daemon}-`)],
    folders: folders(daemon),
    controlGroups: controlGroups(daemon),
  });
  await until('no container, process, folder or control group', () => Object.values(left()).every((list) => list.length === 0), GONE_MS)
    .catch((fault: Error) => { throw new Error(`${fault.message}: ${JSON.stringify(left())}`); });
}

describe('the end of a daemon with five busy sessions', function () {
  // The machine of the tests is busy: the promise is broken where it is broken each time.
  this.retries(2);
  before(need('docker', dockerImage(image)));
  before(need('bubblewrap', bubblewrap));

  const ends: Record<string, (client: RawClient) => unknown> = {
    'kill -9': (client) => client.process.kill('SIGKILL'),
    SIGTERM: (client) => client.process.kill('SIGTERM'),
    'end of input': (client) => client.process.stdin?.end(),
    'exit without shutdown': (client) => client.notify('exit'),
    'shutdown and exit': (client) => client.end(),
  };
  for (const [name, end] of Object.entries(ends)) {
    it(`by ${name} leaves no container, process, folder or control group (F-C4)`, async () => {
      const client = await busyDaemon();
      end(client);
      await client.exited;
      await nothingLeft(client);
    });
  }

  it('by the death of its client leaves nothing behind (F-C4)', async () => {
    // The process that --clientProcessId names counts as the parent. The daemon's stdin stays open.
    const parent = spawn('sleep', ['3600']);
    const client = new RawClient({ env: daemonEnvironment(), args: ['--stdio', `--clientProcessId=${parent.pid}`] });
    await busyDaemon(client);
    parent.kill('SIGKILL');
    expect(await client.exited).to.equal(1);
    await nothingLeft(client);
  });

  it('by kill -9 also removes a container in which every process was stopped with SIGSTOP', async () => {
    const client = new RawClient({ env: daemonEnvironment() });
    await client.initialize();
    const { sessionId } = await client.request('session/create', { language: 'python', runtime: 'docker' });
    void client.call('command/executeShell', { sessionId, command: 'for d in /proc/[0-9]*; do kill -STOP ${d#/proc/}; done 2>/dev/null; sleep 98763' });
    await until('the program runs', () => processes('sleep 98763').length > 0 || containers(client.process.pid).length > 0);
    client.process.kill('SIGKILL');
    await client.exited;
    await nothingLeft(client);
  });

  it('has the exit code 0 after shutdown, and 1 without it', async () => {
    const polite = new RawClient({ env: daemonEnvironment() });
    await polite.initialize();
    expect(await polite.end()).to.equal(0);
    const sudden = new RawClient({ env: daemonEnvironment() });
    await sudden.initialize();
    sudden.notify('exit');
    expect(await sudden.exited).to.equal(1);
  });
});

/**
 * Two daemons in different process namespaces share one engine, one temporary folder and one host name under load, and
 * do no harm to each other, also when one of them is killed and started again (H1). `npm run test:neighbours` does it
 * for ten minutes.
 */
import { expect } from 'chai';
import { bundles, dockerImage, need, type Probe, program } from '../require.ts';
import { bubblewrap } from '../runtime/kinds/native/subject.ts';
import { containers, controlGroups, daemonEnvironment, folders, image, until } from './environment.ts';
import { daemonPath, RawClient } from './raw-client.ts';

const seconds = Number(process.env.CODEBEAKER_NEIGHBOURS_SECONDS ?? 10);
const asRoot: Probe = () => (process.getuid?.() === 0 ? undefined : 'root, to make namespaces');

/** The other daemon is the first process of its namespace. */
const OTHERS_PID = 1;

interface Load {
  /** The sessions that have done their work. */
  sessions: number;
  readonly faults: string[];
}

describe(`two daemons that share a machine for ${seconds} s`, function () {
  this.timeout(seconds * 1_000 + 120_000);
  before(need('the daemon', bundles));
  before(need('docker', dockerImage(image)));
  before(need('bubblewrap', bubblewrap));
  before(need('unshare', program('unshare')));
  before(need('root', asRoot));

  it('do no harm to each other (H1)', async () => {
    const env = daemonEnvironment({ pool: { docker: { python: 1 } } });
    const here = () => new RawClient({ env });
    const elsewhere = () => new RawClient({ env, command: ['unshare', '-p', '-f', '--mount-proc', '--kill-child', process.execPath, daemonPath, '--stdio'] });
    const end = Date.now() + seconds * 1_000;
    const first: Load = { sessions: 0, faults: [] };
    const second: Load = { sessions: 0, faults: [] };
    let killed = 0;

    const stays = here();
    await stays.initialize();
    const dies = async () => {
      while (Date.now() < end) {
        const client = elsewhere();
        // Of its namespace, the daemon cannot see the process that has started it.
        await client.request('initialize', { processId: null, capabilities: {} });
        client.notify('initialized', {});
        const life = Math.min(end, Date.now() + 1_000 + Math.random() * 4_000);
        await Promise.all(['docker', 'native', 'deno'].map((runtime) => use(client, runtime, life, second)));
        if (killed % 2 === 0) {
          await Promise.all(['docker', 'native'].map((runtime) => client.request('session/create', { language: 'python', runtime })));
          client.process.kill('SIGKILL');
          await client.exited;
        } else {
          expect(await client.end()).to.equal(0);
        }
        killed += 1;
      }
    };
    await Promise.all([dies(), ...['docker', 'native', 'deno'].map((runtime) => use(stays, runtime, end, first))]);

    const daemon = stays.process.pid as number;
    expect(await stays.end()).to.equal(0);
    expect([first.faults, second.faults]).to.deep.equal([[], []]);
    expect(first.sessions).to.be.greaterThan(0);
    expect(second.sessions).to.be.greaterThan(0);
    process.stdout.write(`      ${first.sessions} sessions of the one; ${second.sessions} of the other, which ended ${killed} times\n`);
    expect([folders(daemon), controlGroups(daemon)]).to.deep.equal([[], []]);
    // What a killed daemon has left is removed by the next one that starts.
    const next = here();
    await next.initialize();
    const left = () => [...containers(OTHERS_PID), ...folders(OTHERS_PID), ...controlGroups(OTHERS_PID)];
    await until('nothing of the other is left', () => left().length === 0, 30_000).catch((fault: Error) => {
      throw new Error(`${fault.message}; left are ${left().join(', ')}`);
    });
    await next.end();
  });
});

/** Makes session after session until `end`, and uses each. What goes wrong is noted in `load`. */
async function use(client: RawClient, runtime: string, end: number, load: Load): Promise<void> {
  while (Date.now() < end) {
    try {
      const { sessionId } = await client.request('session/create', { language: runtime === 'docker' ? 'python' : 'javascript', runtime });
      await client.request('command/writeFile', { sessionId, path: 'note.txt', content: `${runtime} ${load.sessions}` });
      const { outcome, exitCode, stdout } = await client.request('command/runCode', { sessionId, code: runtime === 'docker' ? 'print("here")' : 'console.log("here")' });
      if (outcome !== 'exited' || exitCode !== 0 || stdout !== 'here\n') load.faults.push(JSON.stringify({ runtime, outcome, exitCode, stdout }));
      await client.request('session/close', { sessionId });
      load.sessions += 1;
    } catch (fault) {
      load.faults.push(`${runtime}: ${String(fault)}`);
      return;
    }
  }
}

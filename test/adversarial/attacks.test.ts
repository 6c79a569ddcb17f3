/**
 * Hostile programs in each runtime: each ends as it is told, a neighbour that runs a program every 100 ms never fails
 * meanwhile, the session goes on or is told to be lost, and nothing is left. `npm run test:attacks` gives each attack more time.
 */
import { expect } from 'chai';
import { bundles, dockerImage, need, npmPackage, ociRuntime, type Probe } from '../require.ts';
import { bubblewrap } from '../runtime/kinds/native/subject.ts';
import { containers, controlGroups, daemonEnvironment, folders, image } from '../e2e/environment.ts';
import { RawClient } from '../e2e/raw-client.ts';
import type { Attack } from './attack.ts';
import { javascriptAttacks } from './javascript.ts';
import { type Neighbour, quantile, startNeighbour } from './neighbour.ts';
import { pythonAttacks } from './python.ts';

/** How long an attack may go on. */
const TIMEOUT_MS = Number(process.env.CODEBEAKER_ATTACK_MS ?? 500);
/** The same for those that end before it, however slow the machine is. */
const ENDING_MS = 10_000;
const MiB = 2 ** 20;
const limits = { memoryBytes: 128 * MiB, diskBytes: 32 * MiB, pids: 64, outputBytes: 8 * MiB, cpus: 1 };

interface Place {
  readonly language: string;
  readonly attacks: readonly Attack[];
  readonly needs: Readonly<Record<string, Probe>>;
  /** A program that prints `here`. */
  readonly here: string;
}

const inPython = { language: 'python', attacks: pythonAttacks, here: 'print("here")' };
const inJavaScript = { language: 'javascript', attacks: javascriptAttacks, here: 'console.log("here")' };
const places: Readonly<Record<string, Place>> = {
  docker: { ...inPython, needs: { docker: dockerImage(image) } },
  gvisor: { ...inPython, needs: { docker: dockerImage(image), gVisor: ociRuntime('runsc') } },
  native: { ...inPython, needs: { bubblewrap } },
  bun: { ...inJavaScript, needs: { bubblewrap, bun: npmPackage('bun') } },
  deno: { ...inJavaScript, needs: { deno: npmPackage('deno') } },
};

for (const [runtime, { language, attacks, needs, here }] of Object.entries(places)) {
  describe(`hostile programs in ${runtime} (F-B9, F-F9)`, function () {
    this.timeout(60_000 + TIMEOUT_MS * 4);
    before(need('the daemon', bundles));
    for (const [part, probe] of Object.entries(needs)) before(need(part, probe));

    let client: RawClient;
    let neighbour: Neighbour;
    let usual: number[];
    const during: number[] = [];
    const slowest = new Map<string, number>();
    let session: string | undefined;
    const open = async (more: object = {}): Promise<string> => (await client.request('session/create', { language, runtime, ...more })).sessionId as string;

    before(async () => {
      client = new RawClient({ env: daemonEnvironment() });
      await client.initialize();
      neighbour = startNeighbour(client, await open(), here);
      await new Promise((resolve) => setTimeout(resolve, 2_000));
      usual = neighbour.times();
    });

    after(async () => {
      await neighbour.stop();
      const daemon = client.process.pid as number;
      expect(await client.end()).to.equal(0);
      const left = () => [runtime === 'docker' || runtime === 'gvisor' ? containers(daemon) : [], folders(daemon), controlGroups(daemon)];
      expect(left()).to.deep.equal([[], [], []]);
      const [worst] = [...slowest].sort(([, one], [, other]) => other - one);
      const ms = (value: number) => value.toFixed(1);
      process.stdout.write(`      the neighbour: ${during.length} runs, p95 ${ms(quantile(during, 0.95))} ms, usually ${ms(quantile(usual, 0.95))} ms; the worst beside ${worst?.[0]}: ${ms(worst?.[1] ?? 0)} ms\n`);
    });

    for (const attack of attacks) {
      it(attack.name, async () => {
        session ??= await open({ limits });
        neighbour.times();
        const told = await strike(client, session, attack);
        const times = neighbour.times();
        during.push(...times);
        slowest.set(attack.name, quantile(times, 0.95));
        const works = await goesOn(client, session, here);
        if (works) await tidy(client, session);
        else session = undefined;
        expect(neighbour.faults).to.deep.equal([]);
        expect(attack.outcomes, JSON.stringify(told)).to.include(told.outcome);
        if (attack.silent !== undefined && !attack.weakerIn?.includes(runtime)) expect(told.output).not.to.contain(attack.silent);
      });
    }

    it('leave the daemon small', async () => {
      const { sessions } = await client.request('session/list');
      expect(sessions.length).to.be.at.most(2);
      expect(await client.request('server/health')).to.include({ status: 'ok' });
    });
  });
}

/** Runs the attack to its end. A lost session counts as the outcome `sandboxLost`. */
async function strike(client: RawClient, sessionId: string, { code, pty, input, outcomes }: Attack): Promise<{ outcome: string; output: string }> {
  const commandId = `attack-${Math.random()}`;
  let output = '';
  client.onNotification = ({ method, params }) => {
    if (method === 'command/output' && params.commandId === commandId && output.length < 100_000) output += params.data;
  };
  const running = client.call('command/runCode', { sessionId, commandId, code, timeoutMs: outcomes.includes('timedOut') ? TIMEOUT_MS : Math.max(TIMEOUT_MS, ENDING_MS), ...(pty ? { pty: { cols: 80, rows: 24 } } : {}), ...(input ? { interactive: true } : {}) });
  if (input) for (let sent = 0; sent < 8; sent++) client.notify('command/input', { commandId, data: 'x'.repeat(MiB) });
  const { result, error } = await running;
  if (!error) return { outcome: result.outcome as string, output };
  expect(error.data?.kind, JSON.stringify(error)).to.be.oneOf(['SandboxLost', 'SessionClosed', 'SandboxFailed']);
  return { outcome: 'sandboxLost', output };
}

/** Whether the session works as before. If it does not, it must be told to be lost. */
async function goesOn(client: RawClient, sessionId: string, code: string): Promise<boolean> {
  const { result, error } = await client.call('command/runCode', { sessionId, code });
  if (!error && result.outcome === 'exited' && result.stdout === 'here\n') return true;
  const { sessions } = await client.request('session/list');
  const open = (sessions as { sessionId: string; state: string }[]).filter(({ state }) => state !== 'closing').map(({ sessionId: id }) => id);
  expect(open, JSON.stringify(error ?? result)).not.to.include(sessionId);
  return false;
}

/** Removes what the attack has made, so that the next one finds room. */
async function tidy(client: RawClient, sessionId: string): Promise<void> {
  for (const path of ['/workspace', '/tmp']) {
    const { entries } = await client.request('command/listDirectory', { sessionId, path });
    for (const entry of entries as { path: string }[]) await client.request('command/deleteFile', { sessionId, path: entry.path, recursive: true, force: true });
  }
}

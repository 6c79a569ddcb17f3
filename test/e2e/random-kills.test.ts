/**
 * Programs, supervisors, agents, sandboxes, keepers, daemons and their connections to the engine are killed at random
 * moments, and no program is ever told to have done what it has not done. In the end nothing is left. `npm run test:kills`
 * does it a thousand times.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { dockerImage, need } from '../require.ts';
import { bubblewrap } from '../runtime/kinds/native/subject.ts';
import { EngineProxy } from './engine-proxy.ts';
import { containers, daemonEnvironment, image, processes, until } from './environment.ts';
import { agents, any, attempt, killOne, leftOf, moment, processesOf, supervisors } from './kills.ts';
import { RawClient } from './raw-client.ts';

const rounds = Number(process.env.CODEBEAKER_KILLS ?? 24);
/** A program takes about as long, so that kills come before its start, while it runs, and after its end. */
const PROGRAM_MS = 120;

interface Victim {
  readonly client: RawClient;
  readonly runtime: string;
  readonly sessionId: string;
  readonly commandId: string;
  readonly request: ReturnType<RawClient['call']>;
  readonly proxy: EngineProxy;
}

/** What is told of a command that was not killed, or not in time, is what it did; of any other it has no exit code. */
const everywhere: Record<string, (victim: Victim) => unknown> = {
  cancel: ({ client, request }) => client.notify('$/cancelRequest', { id: request.id }),
  'command/signal SIGKILL': ({ client, commandId }) => client.call('command/signal', { commandId, signal: 'SIGKILL' }),
  'command/signal SIGTERM': ({ client, commandId }) => client.call('command/signal', { commandId, signal: 'SIGTERM' }),
  'kill -9 -1 by another command': ({ client, sessionId }) => client.call('command/executeShell', { sessionId, command: 'kill -9 -1' }),
  'session/close': ({ client, sessionId }) => client.call('session/close', { sessionId }),
  'kill -9 of a process of the sandbox': ({ client, runtime }) => killOne(processesOf(runtime, client)),
  'kill -9 of the agent': ({ client, runtime }) => killOne(agents(processesOf(runtime, client))),
  'kill -9 of a supervisor': ({ client, runtime }) => killOne(supervisors(processesOf(runtime, client))),
  'kill -9 of the keeper': ({ client }) => killOne(processes(`codebeaker-keeper ${join(tmpdir(), `codebeaker-${client.process.pid}-`)}`)),
  'kill -9 of the daemon': ({ client }) => client.process.kill('SIGKILL'),
};
const ofDocker: typeof everywhere = {
  'docker kill': ({ client }) => containers(client.process.pid).forEach((id) => attempt(() => execFileSync('docker', ['kill', id], { stdio: 'pipe' }))),
  'cut of the connections to the engine': ({ proxy }) => proxy.drop(),
};
/** How a command may end that the daemon answers with an error. */
const ERRORS = ['SessionClosed', 'SandboxLost', 'SandboxFailed'];

describe(`${rounds} random kills`, function () {
  this.timeout(60_000 + rounds * 5_000);
  before(need('docker', dockerImage(image)));
  before(need('bubblewrap', bubblewrap));

  let folder: string;
  let proxy: EngineProxy;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'codebeaker-test-'));
    proxy = new EngineProxy(folder);
    await proxy.open();
  });
  after(async () => {
    await proxy.cut();
    rmSync(folder, { recursive: true, force: true });
  });

  for (const runtime of ['docker', 'native']) {
    it(`in ${runtime} make up no success and leave nothing (F-C5, F-C8)`, async () => {
      const env = daemonEnvironment({ docker: { host: `unix://${proxy.path}` } });
      const daemons: RawClient[] = [];
      const begin = async () => {
        const client = new RawClient({ env });
        daemons.push(client);
        await client.initialize();
        return client;
      };
      const outcomes = new Map<string, number>();
      const kills = Object.entries({ ...everywhere, ...(runtime === 'docker' ? ofDocker : {}) });
      let client = await begin();
      let sessionId: string | undefined;
      for (let round = 0; round < rounds / 2; round++) {
        while (sessionId === undefined) {
          const { result, error } = await client.call('session/create', { language: 'python', runtime });
          sessionId = result?.sessionId as string | undefined;
          // The daemon was killed, or has to start a keeper that was killed too often.
          if (client.process.signalCode !== null || /keeps dying/.test(error?.message ?? '')) {
            await client.end();
            client = await begin();
          } else if (error) {
            // After a cut the engine is looked for again.
            expect(error.data.kind, JSON.stringify(error)).to.be.oneOf(['RuntimeUnavailable', 'SandboxFailed', 'SandboxLost']);
            await moment(100);
          }
        }
        const [kind, kill] = any(kills);
        const outcome = await oneKill({ client, runtime, sessionId, kill, round, proxy });
        outcomes.set(`${kind}: ${outcome}`, (outcomes.get(`${kind}: ${outcome}`) ?? 0) + 1);
        const { result } = await client.call('session/list');
        if (!result?.sessions.some((session: { sessionId: string; state: string }) => session.sessionId === sessionId && session.state !== 'closing')) sessionId = undefined;
      }
      await client.end();
      // What the keeper of a killed daemon could not remove, because it was killed as well, the next daemon removes.
      await (await begin()).end();
      await until('nothing is left', () => daemons.every(({ process: { pid } }) => leftOf(pid as number).length === 0), 30_000)
        .catch((fault: Error) => expect.fail(`${fault.message}: ${JSON.stringify(daemons.flatMap(({ process: { pid } }) => leftOf(pid as number)))}`));
      process.stdout.write([...outcomes].sort().map(([what, count]) => `      ${String(count).padStart(4)} × ${what}\n`).join(''));
    });
  }
});

interface Round {
  readonly client: RawClient;
  readonly runtime: string;
  readonly sessionId: string;
  readonly kill: (victim: Victim) => unknown;
  readonly round: number;
  readonly proxy: EngineProxy;
}

/** Starts a program and kills it. Resolves with what the daemon has told. @throws if that is not what the program did */
async function oneKill({ client, runtime, sessionId, kill, round, proxy }: Round): Promise<string> {
  const code = 1 + Math.floor(Math.random() * 120);
  const words = `${round} begins\n${round} ends\n`;
  const commandId = `kill-${round}`;
  let told = '';
  client.onNotification = ({ method, params }) => {
    if (method === 'command/output' && params.commandId === commandId && params.stream === 'stdout') told += params.data;
  };
  const seconds = (Math.random() * PROGRAM_MS) / 1000;
  const request = any([
    () => client.call('command/executeShell', { sessionId, commandId, command: `echo ${round} begins; sleep ${seconds}; echo ${round} ends; exit ${code}` }),
    () => client.call('command/runCode', { sessionId, commandId, language: 'python', code: `import sys, time\nprint('${round} begins')\ntime.sleep(${seconds})\nprint('${round} ends')\nsys.exit(${code})` }),
  ])();
  await moment(Math.random() * PROGRAM_MS);
  void kill({ client, runtime, sessionId, commandId, request, proxy });
  const { result, error } = await request;
  if (error) {
    if (client.process.signalCode !== null) return error.message;
    expect(error.data.kind, JSON.stringify(error)).to.be.oneOf(ERRORS);
    return error.data.kind as string;
  }
  const what = JSON.stringify({ ...result, told, code });
  if (result.outcome === 'exited') {
    // What a program started may be killed in its place: then a shell goes on, and exits as it would have.
    expect(result.exitCode, what).to.equal(code);
    expect(told, what).to.equal(words);
  } else {
    expect(result.exitCode, what).to.equal(null);
    expect(words.startsWith(told), what).to.equal(true);
  }
  return result.outcome as string;
}

/**
 * Programs, supervisors, agents and whole sandboxes are killed at random moments, and no program is ever told to have
 * done what it has not done. `npm run test:kills` does it a thousand times.
 */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { dockerImage, need } from '../require.ts';
import { bubblewrap } from '../runtime/kinds/native/subject.ts';
import { containers, controlGroups, daemonEnvironment, image } from './environment.ts';
import { RawClient } from './raw-client.ts';

const rounds = Number(process.env.CODEBEAKER_KILLS ?? 60);
/** A program takes about as long, so that kills come before its start, while it runs, and after its end. */
const PROGRAM_MS = 120;

interface Victim {
  readonly client: RawClient;
  readonly runtime: string;
  readonly sessionId: string;
  readonly commandId: string;
  readonly request: ReturnType<RawClient['call']>;
}

/** What is told of a command that was not killed, or not in time, is what it did; of any other it has no exit code. */
const kills: Record<string, (victim: Victim) => unknown> = {
  cancel: ({ client, request }) => client.notify('$/cancelRequest', { id: request.id }),
  'command/signal SIGKILL': ({ client, commandId }) => client.call('command/signal', { commandId, signal: 'SIGKILL' }),
  'command/signal SIGTERM': ({ client, commandId }) => client.call('command/signal', { commandId, signal: 'SIGTERM' }),
  'kill -9 -1 by another command': ({ client, sessionId }) => client.call('command/executeShell', { sessionId, command: 'kill -9 -1' }),
  'session/close': ({ client, sessionId }) => client.call('session/close', { sessionId }),
  'kill -9 of a process of the sandbox': ({ client, runtime }) => killOne(processesOf(runtime, client.process.pid as number)),
};

describe(`${rounds} random kills`, function () {
  this.timeout(rounds * 5_000);
  before(need('docker', dockerImage(image)));
  before(need('bubblewrap', bubblewrap));

  for (const runtime of ['docker', 'native']) {
    it(`in ${runtime} make up no success (F-C8)`, async () => {
      const client = new RawClient({ env: daemonEnvironment() });
      await client.initialize();
      const outcomes = new Map<string, number>();
      let sessionId: string | undefined;
      for (let round = 0; round < rounds / 2; round++) {
        sessionId ??= (await client.request('session/create', { language: 'python', runtime })).sessionId as string;
        const [kind, kill] = any(Object.entries(kills));
        const outcome = await oneKill({ client, runtime, sessionId, kill, round });
        outcomes.set(`${kind}: ${outcome}`, (outcomes.get(`${kind}: ${outcome}`) ?? 0) + 1);
        const { sessions } = await client.request('session/list');
        if (!sessions.some((session: { sessionId: string; state: string }) => session.sessionId === sessionId && session.state !== 'closing')) sessionId = undefined;
      }
      expect(await client.end()).to.equal(0);
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
}

/** Starts a program and kills it. Resolves with what the daemon has told. @throws if that is not what the program did */
async function oneKill({ client, runtime, sessionId, kill, round }: Round): Promise<string> {
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
  void kill({ client, runtime, sessionId, commandId, request });
  const { result, error } = await request;
  if (error) {
    expect(error.data.kind, JSON.stringify(error)).to.be.oneOf(['SessionClosed', 'SandboxLost', 'SandboxFailed']);
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

const any = <T>(some: readonly T[]): T => some[Math.floor(Math.random() * some.length)] as T;

/** It does not matter how long this takes: it only makes the moment of the kill a random one. */
const moment = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** The ids that the processes of the daemon's sandboxes have on this machine. */
function processesOf(runtime: string, daemon: number): number[] {
  try {
    const lines = runtime === 'docker'
      ? containers(daemon).flatMap((id) => execFileSync('docker', ['top', id, '-eo', 'pid'], { encoding: 'utf8', stdio: 'pipe' }).split('\n').slice(1))
      : controlGroups(daemon).flatMap((group) => readdirSync(group, { recursive: true, encoding: 'utf8' })
        .filter((path) => path.endsWith('cgroup.procs')).flatMap((path) => readFileSync(join(group, path), 'utf8').split('\n')));
    return lines.map(Number).filter((pid) => pid > 1);
  } catch {
    // The sandbox has ended meanwhile.
    return [];
  }
}

function killOne(pids: readonly number[]): void {
  if (pids.length === 0) return;
  try {
    process.kill(any(pids), 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

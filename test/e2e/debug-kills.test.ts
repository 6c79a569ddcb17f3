/**
 * Debuggers, debugged programs, sandboxes, daemons and editors are killed at random moments, in the middle of stepping. No
 * program is ever told to have exited that was killed, everything that waits is answered, the session can be used or is told
 * as lost, and in the end nothing is left. `npm run test:debug-kills` does it two hundred times.
 */
import { expect } from 'chai';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type DapClient, DapCommand, ProtocolDebug } from '../debug/dap-client.ts';
import { bundles, dockerImage, need } from '../require.ts';
import { bubblewrap } from '../runtime/kinds/native/subject.ts';
import { sourceFile } from './command-line.ts';
import { daemonEnvironment, image, until } from './environment.ts';
import { agents, any, killOne, leftOf, moment, processesOf, randomFrom, running } from './kills.ts';
import { RawClient } from './raw-client.ts';

const rounds = Number(process.env.CODEBEAKER_DEBUG_KILLS ?? 8);
const seed = Number(process.env.CODEBEAKER_SEED ?? Date.now() % 1_000_000);
/** How long it steps at most before somebody is killed. */
const STEPPING_MS = 250;
/** How long a debugger takes about to begin, and what is compiled. */
const BEGINNING_MS = 1500;
const COMPILING_MS = 4000;

/** Programs that do not end. In their main file, the line is passed again and again, and it calls the other file. */
const programs = {
  python: { main: 'main.py', line: 4, files: { 'main.py': 'from lib import square\ntotal = 0\nwhile True:\n    total = square(total) % 7\n    total += 1\n', 'lib.py': 'def square(x):\n    result = x * x\n    return result\n' } },
  javascript: { main: 'main.js', line: 4, files: { 'main.js': "const { square } = require('./lib.js');\nlet total = 0;\nfor (;;) {\n  total = square(total) % 7;\n  total += 1;\n}\n", 'lib.js': 'function square(x) {\n  const result = x * x;\n  return result;\n}\nmodule.exports = { square };\n' } },
  go: { main: 'main.go', line: 6, files: { 'go.mod': 'module example.org/kills\n\ngo 1.19\n', 'main.go': 'package main\n\nfunc main() {\n\ttotal := 0\n\tfor {\n\t\ttotal = square(total) % 7\n\t\ttotal++\n\t}\n}\n', 'lib.go': 'package main\n\nfunc square(x int) int {\n\tresult := x * x\n\treturn result\n}\n' } },
  ruby: { main: 'main.rb', line: 4, files: { 'main.rb': "require_relative 'lib'\ntotal = 0\nloop do\n  total = square(total) % 7\n  total += 1\nend\n", 'lib.rb': 'def square(x)\n  result = x * x\n  result\nend\n' } },
} as const;
type Language = keyof typeof programs;
const languages = Object.keys(programs) as Language[];

/** The gem debug is a part of its program. */
const isAdapter = (command: string) => command.includes('debugpy.adapter') || /node-bridge\.cjs $/.test(command) || command.includes('dlv dap ') || command.includes('/ruby-debug.rb ');
const isDebuggee = (command: string) => (/\/main\.(?:py|js|rb) /.test(command) && !command.includes('debugpy/launcher')) || /^\/tmp\/\.codebeaker-\w+\/program /.test(command);

interface Victim {
  readonly client: { readonly process: RawClient['process'] };
  readonly runtime: string;
  readonly random: () => number;
}

const inside = ({ client, runtime }: Victim) => processesOf(runtime, client);

/** What is killed whoever the client is. */
const everywhere: Record<string, (victim: Victim) => unknown> = {
  'the adapter': (victim) => killOne(running(inside(victim), isAdapter), victim.random),
  'the debuggee': (victim) => killOne(running(inside(victim), isDebuggee), victim.random),
  'any process of the sandbox': (victim) => killOne(inside(victim), victim.random),
  'the daemon': ({ client }) => client.process.kill('SIGKILL'),
  'the editor': ({ client: { process: { stdin, stdout } } }) => {
    stdin?.destroy();
    stdout?.destroy();
  },
};
/** What else there is over the daemon's own protocol. */
const byProtocol: Record<string, (victim: Victim & { readonly client: RawClient; readonly sessionId: string }) => unknown> = {
  ...everywhere,
  'the agent': (victim) => killOne(agents(inside(victim)), victim.random),
  'everything, by a command of the session': ({ client, sessionId }) => client.call('command/executeShell', { sessionId, command: 'kill -9 -1' }),
  'the session': ({ client, sessionId }) => client.call('session/close', { sessionId }),
};
/** How the beginning of a debugger may fail that is killed. */
const ERRORS = ['SessionClosed', 'SandboxLost', 'SandboxFailed', 'DebugUnavailable'];

describe(`${rounds} kills while programs are debugged (seed ${seed})`, function () {
  this.timeout(60_000 + rounds * 15_000);
  before(need('the build', bundles));
  before(need('docker', dockerImage(image)));
  before(need('bubblewrap', bubblewrap));

  const each = Math.max(1, Math.round(rounds / (2 * languages.length)));
  for (const [at, [runtime, language]] of (['docker', 'native'] as const).flatMap((place) => languages.map((language) => [place, language] as const)).entries()) {
    it(`make up no end of a program in ${language}, and leave nothing in ${runtime}`, async () => {
      const random = randomFrom(seed + at);
      const outcomes = new Map<string, number>();
      const daemons: number[] = [];
      const scene = new Scene(runtime, language, random, daemons);
      try {
        for (let round = 0; round < each; round++) {
          // The fourth one is that of an editor which starts codebeaker dap.
          const said = (round + at) % 4 === 3 ? await ofCommand(runtime, language, random, daemons) : await scene.round(round);
          outcomes.set(said, (outcomes.get(said) ?? 0) + 1);
        }
      } finally {
        await scene.end();
      }
      await until('nothing is left', () => daemons.every((pid) => leftOf(pid).length === 0), 30_000)
        .catch((fault: Error) => expect.fail(`${fault.message}: ${JSON.stringify(daemons.flatMap(leftOf))}`));
      process.stdout.write([...outcomes].sort().map(([what, count]) => `      ${String(count).padStart(4)} × ${what}\n`).join(''));
    });
  }
});

/** Steps through the program until nobody answers. */
async function step(client: DapClient, isOver: () => boolean, random: () => number, stopped: () => void): Promise<void> {
  const ask = (command: string, args: object = {}) => client.response(command, args);
  let next = client.event('stopped');
  next.catch(() => undefined);
  if (!(await ask('configurationDone')).success) return;
  const { threadId } = await next;
  stopped();
  while (!isOver()) {
    const stack = await ask('stackTrace', { threadId });
    if (!stack.success) return;
    const scopes = await ask('scopes', { frameId: stack.body.stackFrames[0].id });
    if (!scopes.success) return;
    await ask('variables', { variablesReference: scopes.body.scopes[0].variablesReference });
    next = client.event('stopped');
    next.catch(() => undefined);
    if (!(await ask(any(['next', 'stepIn', 'continue'], random), { threadId })).success) return;
    await next;
  }
}

/** What a client reads of a program that never exits by itself. */
function expectNoMadeUpEnd(client: DapClient, killed: string): void {
  for (const { exitCode } of client.events('exited')) expect(exitCode, `${killed}: ${JSON.stringify(client.received.slice(-6))}`).not.to.equal(0);
  expect(client.events('terminated').length, killed).to.be.at.most(1);
  // This client asks in no good order, because it does not wait for one that may be dead.
  expect(client.faults.filter((fault) => fault.startsWith('adapter: ')), killed).to.deep.equal([]);
}

/** Sessions of one language in one runtime, one after the other, as they are lost. */
class Scene {
  readonly #runtime: string;
  readonly #language: Language;
  readonly #random: () => number;
  readonly #daemons: number[];
  #client: RawClient | undefined;
  #sessionId: string | undefined;
  #closed: string[] = [];

  constructor(runtime: string, language: Language, random: () => number, daemons: number[]) {
    this.#runtime = runtime;
    this.#language = language;
    this.#random = random;
    this.#daemons = daemons;
  }

  async end(): Promise<void> {
    await this.#client?.end();
    // What the keeper of a killed daemon could not remove, because it was killed as well, the next daemon removes.
    this.#client = undefined;
    await (await this.#daemon()).end();
  }

  async #daemon(): Promise<RawClient> {
    if (this.#client && this.#client.process.exitCode === null && this.#client.process.signalCode === null) return this.#client;
    const client = new RawClient({ env: daemonEnvironment(), over: 'stdio' });
    this.#daemons.push(client.process.pid as number);
    this.#client = client;
    this.#sessionId = undefined;
    await client.initialize({ debug: { adapter: true }, session: { stateChanged: true } });
    return client;
  }

  async #session(client: RawClient): Promise<string> {
    if (this.#sessionId !== undefined) return this.#sessionId;
    const { sessionId } = await client.request('session/create', { runtime: this.#runtime, language: this.#language });
    for (const [path, content] of Object.entries(programs[this.#language].files)) await client.request('command/writeFile', { sessionId, path, content });
    this.#sessionId = sessionId;
    return sessionId;
  }

  /** Resolves with what was killed, and how that was told. @throws if it was told otherwise than it was */
  async round(round: number): Promise<string> {
    const random = this.#random;
    const client = await this.#daemon();
    const sessionId = await this.#session(client);
    const debugId = `kill-${round}`;
    client.onNotification = ({ method, params }) => void (method === 'session/stateChanged' && params.state === 'closed' && this.#closed.push(params.sessionId));
    const debug = new ProtocolDebug(client, debugId);
    const { main, line } = programs[this.#language];
    const inTerminal = random() < 0.3;
    let over = false;
    const dead = client.exited.then(() => 'dead' as const);
    const ended = Promise.race([debug.ended, dead]).finally(() => (over = true));
    const starting = client.call('debug/start', { sessionId, path: main, debugId, pathMappings: [{ client: '/home/me', sandbox: '/workspace' }], ...(inTerminal ? { pty: { cols: 80, rows: 24 } } : {}) });
    const stopped = new Promise<void>((resolve) => void starting.then(async ({ error }) => {
      if (error) return resolve();
      await begin(debug.client, `/home/me/${main}`, line);
      await step(debug.client, () => over, random, resolve);
    }).catch(() => undefined).finally(resolve));
    const killed = any(Object.keys(byProtocol), random);
    if (random() < 0.2) await moment(random() * (this.#language === 'go' ? COMPILING_MS : BEGINNING_MS));
    else await stopped.then(() => moment(random() * STEPPING_MS));
    void byProtocol[killed]?.({ client, runtime: this.#runtime, random, sessionId });
    const { error } = await starting;
    const told = await this.#told(debug, error?.data?.kind as string | undefined, ended, sessionId, killed).finally(() => debug.client.leave());
    expectNoMadeUpEnd(debug.client, killed);
    return `${killed}${inTerminal ? ', in a terminal' : ''}: ${told}`;
  }

  async #told(debug: ProtocolDebug, kind: string | undefined, ended: Promise<any>, sessionId: string, killed: string): Promise<string> {
    const client = this.#client as RawClient;
    if (kind === undefined) {
      // There may have been nothing to be killed any more. Then it is ended now.
      await soon(Promise.race([ended, terminated(debug.client)]));
      debug.client.response('disconnect').catch(() => undefined);
      const end = await ended;
      if (end === 'dead' || killed === 'the editor') return client.exited.then(() => 'the daemon is gone');
      const what = JSON.stringify({ killed, end });
      expect(end.outcome, what).to.be.oneOf(['signaled', 'cancelled', 'sandboxLost', 'exited']);
      expect(end.exitCode, what).to.equal(null);
      // One that has not answered to anything has nothing to terminate.
      const isKnown = debug.client.received.some(({ command, success }) => command === 'initialize' && success === true);
      if (isKnown) expect(debug.client.events('terminated'), what).to.have.length(1);
      return `${end.outcome}, ${await this.#after(client, sessionId)}`;
    }
    if (client.process.exitCode !== null || client.process.signalCode !== null) return 'the daemon is gone';
    expect(kind).to.be.oneOf(ERRORS);
    return `${kind}, ${await this.#after(client, sessionId)}`;
  }

  /** The session can be used and nothing of the program is left in it, or it has been told to be lost. */
  async #after(client: RawClient, sessionId: string): Promise<string> {
    const { result } = await client.call('command/executeShell', { sessionId, command: 'echo usable' });
    if (result?.stdout !== 'usable\n') {
      this.#sessionId = undefined;
      await until('the session is told as lost', () => this.#closed.includes(sessionId));
      return 'the session is lost';
    }
    await until('nothing of the program runs', () => running(processesOf(this.#runtime, client), (command) => isAdapter(command) || isDebuggee(command)).length === 0);
    const { entries } = await client.request('command/listDirectory', { sessionId, path: '/tmp' });
    // The compiler of Go keeps what it has made.
    const left = entries.filter(({ path }: { path: string }) => this.#language !== 'go' || path.includes('codebeaker'));
    expect(left).to.deep.equal([]);
    return 'the session is usable';
  }
}

async function terminated(client: DapClient): Promise<void> {
  if (client.events('terminated').length === 0) await client.event('terminated').catch(() => undefined);
}

/** Resolves with what comes, or when it has not come for so long that it is time to ask for it. */
async function soon(coming: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  await Promise.race([coming, new Promise((resolve) => (timer = setTimeout(resolve, 5000)))]);
  clearTimeout(timer);
}

/** Up to the program, which waits to be let run. */
async function begin(client: DapClient, main: string, line: number, launch: object = {}): Promise<void> {
  const initialized = client.event('initialized');
  initialized.catch(() => undefined);
  await client.response('initialize', { adapterID: 'codebeaker' });
  const launched = client.response('launch', launch);
  const failed = launched.then(({ success }) => (success ? new Promise<never>(() => undefined) : undefined));
  failed.catch(() => undefined);
  await Promise.race([initialized, failed]);
  await client.response('setBreakpoints', { source: { path: main }, breakpoints: [{ line }] });
}

/** The same with an editor that starts codebeaker dap, which is a daemon of its own. */
async function ofCommand(runtime: string, language: Language, random: () => number, daemons: number[]): Promise<string> {
  const { main: name, line, files } = programs[language];
  const main = sourceFile(name, '');
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dirname(main), path)), { recursive: true });
    writeFileSync(join(dirname(main), path), text);
  }
  const command = new DapCommand();
  daemons.push(command.child.pid as number);
  const { client } = command;
  let over = false;
  const exited = command.exited.finally(() => (over = true));
  const stopped = new Promise<void>((resolve) => void begin(client, main, line, { program: main, runtime })
    .then(() => step(client, () => over, random, resolve)).catch(() => undefined).finally(resolve));
  const killed = any(Object.keys(everywhere), random);
  await Promise.race([stopped, exited]);
  await moment(random() * STEPPING_MS);
  void everywhere[killed]?.({ client: { process: command.child }, runtime, random });
  if (killed !== 'the daemon' && killed !== 'the editor') {
    await soon(Promise.race([terminated(client), exited]));
    client.response('disconnect').catch(() => undefined);
  }
  const code = await exited;
  client.leave();
  expectNoMadeUpEnd(client, `${killed}, codebeaker dap`);
  return `${killed}, codebeaker dap: ${code === null ? 'killed' : `exits with ${code}`}`;
}

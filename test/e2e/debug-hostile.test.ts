/** Debugged programs that attack their debugger and its client, in real runtimes. The client gets messages of the protocol, within bounds, and nothing else. */
import { expect } from 'chai';
import { existsSync } from 'node:fs';
import { type DapClient, ProtocolDebug } from '../debug/dap-client.ts';
import { bundles, dockerImage, need, npmPackage, program, type Probe } from '../require.ts';
import { canary } from './debug-hostile/places.ts';
import { go } from './debug-hostile/programs/go.ts';
import { deno, node } from './debug-hostile/programs/javascript.ts';
import type { AttackName, HostileProgram } from './debug-hostile/programs/program.ts';
import { python } from './debug-hostile/programs/python.ts';
import { ruby } from './debug-hostile/programs/ruby.ts';
import { daemonEnvironment, image, residentBytes, until } from './environment.ts';
import { RawClient } from './raw-client.ts';

/** Which programs attack in which runtime, with the names of their suites, and what each of them needs. */
const places: Readonly<Record<string, { readonly needs: Readonly<Record<string, Probe>>; readonly programs: Readonly<Record<string, HostileProgram>> }>> = {
  docker: { needs: { docker: dockerImage(image) }, programs: { Python: python, JavaScript: node, Go: go, Ruby: ruby } },
  native: { needs: { native: program('bwrap') }, programs: { Python: python, JavaScript: node, Go: go, Ruby: ruby } },
  deno: { needs: { deno: npmPackage('deno'), bubblewrap: program('bwrap') }, programs: { JavaScript: deno } },
};
const tools: Readonly<Record<string, string>> = { Go: 'dlv', Ruby: 'ruby' };

const MiB = 2 ** 20;
const OUTPUT_BYTES = 4 * MiB;

/** Messages of the protocol that no client may get, two of which would have it start a program. */
const forged = [
  { seq: 1, type: 'event', event: 'exited', body: { exitCode: 0 } },
  { seq: 2, type: 'request', command: 'runInTerminal', arguments: { cwd: '/', args: ['touch', canary], kind: 'integrated' } },
  { seq: 3, type: 'request', command: 'startDebugging', arguments: { request: 'launch', configuration: { program: canary } } },
  { seq: 4, type: 'response', request_seq: 1, success: true, command: 'evaluate', body: { result: 'forged', variablesReference: 0 } },
].map((message) => JSON.stringify(message)).map((text) => `Content-Length: ${text.length}\r\n\r\n${text}`).join('');

interface Attacked {
  readonly client: DapClient;
  readonly ended: Promise<any>;
  /** What is told of a stop at the line, if it comes there. */
  readonly stopped: Promise<any>;
  /** Resolves when the program has made this file. */
  made(path: string): Promise<void>;
  /** How many bytes of memory the daemon has more than before. */
  grown(): number;
}

/** One daemon, in a session of which all attacks of a language are made, one after the other. */
class Target {
  readonly #raw = new RawClient({ env: daemonEnvironment(), over: 'stdio' });
  readonly #runtime: string;
  readonly #program: HostileProgram;
  readonly #started: Promise<unknown>;
  #sessionId: string | undefined;
  #count = 0;

  constructor(runtime: string, hostile: HostileProgram) {
    this.#runtime = runtime;
    this.#program = hostile;
    this.#started = this.#raw.initialize({ debug: { adapter: true } });
  }

  end(): Promise<unknown> {
    return this.#raw.end();
  }

  /** Debugs the program up to the line where it stops, or as far as it gets. */
  async attack(name: AttackName, use: (attacked: Attacked) => Promise<void>): Promise<void> {
    const { language, main, code, taker } = this.#program;
    const lines = code[name] ?? '';
    const { env, files } = name === 'takes' && taker ? taker : { env: {}, files: {} };
    await this.#started;
    const sessionId = (this.#sessionId ??= (await this.#raw.request('session/create', { runtime: this.#runtime, language, limits: { outputBytes: OUTPUT_BYTES } })).sessionId);
    for (const [path, content] of Object.entries({ ...files, [main]: lines })) {
      const literal = content.startsWith('#!') ? python.literal : this.#program.literal;
      await this.#raw.request('command/writeFile', { sessionId, path, content: content.replaceAll('FORGED', literal(forged)), createParents: true, ...(content.startsWith('#!') ? { executable: true } : {}) });
    }
    const debugId = `d${++this.#count}`;
    const { client, ended } = new ProtocolDebug(this.#raw, debugId);
    const before = this.#residentBytes();
    await this.#raw.request('debug/start', { sessionId, path: main, debugId, env, pathMappings: [{ client: '/home/me', sandbox: '/workspace' }] });
    const stopped = client.event('stopped');
    stopped.catch(() => undefined);
    // As every client does.
    const leave = () => client.response('disconnect');
    client.event('terminated').then(leave).catch(() => undefined);
    await this.#configure(client, { source: { path: `/home/me/${main}` }, breakpoints: [{ line: lines.split('\n').findIndex((line) => line.includes(' here')) + 1 }] });
    const made = (path: string) => until(path, async () => (await this.#raw.request('command/listDirectory', { sessionId, path: '.' })).entries.some((entry: { name: string }) => entry.name === path));
    await use({ client, ended, stopped, made, grown: () => this.#residentBytes() - before });
    expect(client.faults.filter((fault) => fault.startsWith('adapter: '))).to.deep.equal([]);
    expect(client.received.filter(({ type }) => type === 'request')).to.deep.equal([]);
    expect(existsSync(canary)).to.equal(false);
    client.leave();
    await this.#usable(sessionId, (await ended).outcome);
  }

  /** A debugger whose place was taken answers nothing. */
  async #configure(client: DapClient, breakpoints: object): Promise<void> {
    const initialized = client.event('initialized');
    initialized.catch(() => undefined);
    if (!(await client.response('initialize')).success) return;
    client.response('launch').catch(() => undefined);
    await initialized;
    await client.ask('setBreakpoints', breakpoints);
    await client.response('configurationDone');
  }

  /** The session can be used, or is told as lost. */
  async #usable(sessionId: string, outcome: string): Promise<void> {
    if (outcome === 'sandboxLost') this.#sessionId = undefined;
    else if (this.#runtime === 'deno') expect((await this.#raw.request('command/runCode', { sessionId, language: 'javascript', code: 'console.log("usable")' })).stdout).to.equal('usable\n');
    else expect((await this.#raw.request('command/executeShell', { sessionId, command: 'echo usable' })).stdout).to.equal('usable\n');
  }

  #residentBytes(): number {
    return residentBytes(this.#raw.process.pid as number);
  }
}

interface Test {
  readonly title: string;
  check(attacked: Attacked): Promise<void>;
}

const printed = (client: DapClient, category: string) => client.events('output').filter((body) => body.category === category).map(({ output }) => output).join('');

const tests: Readonly<Record<AttackName, Test>> = {
  forges: {
    title: 'forges messages on its own streams, and they are what it prints',
    async check({ client, ended, stopped }) {
      await stopped;
      expect(client.events('exited')).to.deep.equal([]);
      await client.ask('disconnect');
      await ended;
      for (const category of ['stdout', 'stderr']) expect(printed(client, category), category).to.contain('"command":"runInTerminal"');
    },
  },
  writes: {
    title: 'forges messages on whatever descriptors and ports it finds, and no more comes of that than a lie',
    async check({ client, ended, stopped }) {
      await Promise.race([stopped, ended]);
      client.response('disconnect').catch(() => undefined);
      const { outcome, exitCode } = await ended;
      expect(outcome).to.be.oneOf(['exited', 'signaled', 'cancelled']);
      if (outcome !== 'exited') expect(exitCode).to.equal(null);
    },
  },
  takes: {
    title: 'takes the connection of its debugger, and no more comes of that than a lie',
    async check({ client, ended }) {
      client.response('disconnect').catch(() => undefined);
      expect((await ended).outcome).to.be.oneOf(['exited', 'signaled', 'cancelled']);
      expect(JSON.stringify(client.received)).not.to.contain('forged');
    },
  },
  stops: {
    title: 'stops its debugger, which is ended all the same',
    async check({ client, ended, made }) {
      await made('sent');
      // It does not answer, so the daemon does.
      await client.ask('disconnect');
      const { outcome, exitCode } = await ended;
      expect([outcome, exitCode]).to.deep.equal(['cancelled', null]);
    },
  },
  kills: {
    title: 'kills its debugger, and is ended with it',
    async check({ client, ended }) {
      const { outcome, exitCode } = await ended;
      // What watches over programs is among what it kills, and without that the sandbox is given up.
      expect(outcome).to.be.oneOf(['signaled', 'sandboxLost']);
      expect(exitCode).to.equal(null);
      expect(client.events('exited')).to.deep.equal([]);
    },
  },
  floods: {
    title: 'floods its output while it is stopped, up to its limit',
    async check({ client, ended, stopped, grown }) {
      await stopped;
      expect(await ended).to.deep.include({ outcome: 'outputLimit', exitCode: null });
      expect(grown()).to.be.below(300 * MiB);
      expect(printed(client, 'stdout').length).to.be.at.most(OUTPUT_BYTES);
    },
  },
  holds: {
    title: 'holds values that are huge, deep and named so that they act, and they are shown within bounds',
    async check({ client, ended, stopped, grown }) {
      const { threadId } = await stopped;
      const { stackFrames: [{ id: frameId }] } = await client.ask('stackTrace', { threadId });
      const { scopes } = await client.ask('scopes', { frameId });
      const names: string[] = [];
      const look = async (variablesReference: number) => {
        const { success, body } = await client.response('variables', { variablesReference });
        for (const each of success ? body.variables : []) {
          names.push(each.name);
          if (each.name === 'named' || each.name === 'many') await look(each.variablesReference);
        }
      };
      for (const { variablesReference, expensive } of scopes) if (!expensive) await look(variablesReference);
      for (const expression of ['large', 'round_about', 'deep', 'odd', 'others', 'large']) await client.response('evaluate', { expression, frameId, context: 'watch' });
      expect((await client.ask('evaluate', { expression: '1 + 1', frameId, context: 'repl' })).result).to.equal('2');
      expect(names.filter((each) => each.includes('52;c;eA=='))).to.have.length.within(1, 2);
      expect(names.join('')).not.to.match(/[\0-\x1f\x7f\u202e]/);
      expect(Math.max(...client.received.map((message) => JSON.stringify(message).length))).to.be.below(16 * MiB);
      expect(grown()).to.be.below(300 * MiB);
      await client.ask('disconnect');
      await ended;
    },
  },
};

/** Where the daemon waits for seconds, whatever the runtime, one of them is enough. */
const onceOnly: ReadonlySet<string> = new Set(['stops']);

describe('a debugged program that attacks', () => {
  before(need('the build', bundles));

  for (const [runtime, { needs, programs }] of Object.entries(places)) {
    for (const [language, hostile] of Object.entries(programs)) {
      describe(`${language} in ${runtime}`, () => {
        for (const [part, probe] of Object.entries(needs)) before(need(part, probe));
        const tool = tools[language];
        if (tool !== undefined) before(need(tool, program(tool)));
        let target: Target;
        before(() => {
          target = new Target(runtime, hostile);
        });
        after(() => target.end());

        for (const [name, { title, check }] of Object.entries(tests)) {
          if (hostile.code[name as AttackName] !== undefined && !(onceOnly.has(name) && runtime === 'docker')) it(title, () => target.attack(name as AttackName, check));
        }
      });
    }
  }
});

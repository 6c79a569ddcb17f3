/** A made-up adapter in the place of each debugger, in real runtimes. Whatever it does, its client gets messages of the protocol within bounds, and nothing happens outside of the sandbox. */
import { expect } from 'chai';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type DapClient, DapCommand, ProtocolDebug } from '../debug/dap-client.ts';
import { bundles, need, type Probe } from '../require.ts';
import { sourceFile } from './command-line.ts';
import { type Attack, attacks } from './debug-hostile/attacks.ts';
import { adapterText, canary, EVIL, type Place, places, runtimes } from './debug-hostile/places.ts';
import { ACTING, hostileEnv, layOut, REFUSED } from './debug-hostile/project.ts';
import { Steps } from './debugging.ts';
import { daemonEnvironment, residentBytes, until } from './environment.ts';
import { RawClient } from './raw-client.ts';

const MiB = 2 ** 20;
/** Otherwise, what is the same in all runtimes is tried in one of them, but for one language; and only that one has the adapters that make the daemon wait. */
const whole = process.env.CODEBEAKER_DEBUG_ATTACKS === 'whole';

/** A session in which the adapter is in place of the debugger. */
class Lair {
  readonly raw = new RawClient({ env: daemonEnvironment(), over: 'stdio' });
  readonly #place: Place;
  #sessionId = '';
  #count = 0;

  constructor(place: Place) {
    this.#place = place;
  }

  async open(runtime: string, language: string, limits: object = {}): Promise<void> {
    const { env, files, main } = this.#place;
    await this.raw.initialize({ debug: { adapter: true } });
    ({ sessionId: this.#sessionId } = await this.raw.request('session/create', { runtime, language, env, limits }));
    for (const [name, content] of Object.entries({ ...files, 'adapter.py': adapterText })) await this.write(`${EVIL}/${name}`, content);
    await this.write(main, main.endsWith('.go') ? 'package main\nfunc main() {}\n' : '');
  }

  async write(path: string, content: string): Promise<void> {
    await this.raw.request('command/writeFile', { sessionId: this.#sessionId, path, content, createParents: true, ...(content.startsWith('#!') ? { executable: true } : {}) });
  }

  /** Debugs with the adapter until that has ended, asking whatever a client asks. */
  async fall({ code, outcomes, check }: Attack): Promise<void> {
    const debugId = `d${++this.#count}`;
    await this.write(`${EVIL}/attack.py`, code.replaceAll('CANARY', canary));
    const { client, ended } = new ProtocolDebug(this.raw, debugId);
    await this.raw.request('debug/start', { sessionId: this.#sessionId, path: this.#place.main, debugId, pathMappings: [{ client: '/home/me', sandbox: '/workspace' }] });
    const before = residentBytes(this.raw.process.pid as number);
    await converse(client, ended);
    const { outcome, exitCode } = await ended;
    client.leave();
    expect(outcome).to.be.oneOf(outcomes);
    if (outcome !== 'exited') expect(exitCode).to.equal(null);
    expect(client.faults.filter((fault) => fault.startsWith('adapter: '))).to.deep.equal([]);
    expect(client.received.filter(({ type }) => type === 'request')).to.deep.equal([]);
    expect(Math.max(...client.received.map((message) => JSON.stringify(message).length))).to.be.below(16 * MiB);
    expect(residentBytes(this.raw.process.pid as number) - before).to.be.below(400 * MiB);
    expect(existsSync(canary)).to.equal(false);
    check?.(client);
    // Nothing of it is left, and the session can be used.
    const { stdout } = await this.raw.request('command/executeShell', { sessionId: this.#sessionId, command: 'for p in /proc/[0-9]*; do tr "\\0" " " <$p/cmdline; echo; done 2>/dev/null | grep -c "adapter[.]py\\|sleep 5432[1]"; echo usable' });
    expect(stdout).to.equal('0\nusable\n');
  }
}

/** Asks in the usual order, as far as it gets, and about what it was told. */
async function converse(client: DapClient, ended: Promise<unknown>): Promise<void> {
  const initialized = client.event('initialized').catch(() => undefined);
  const ask = (command: string, args: object = {}) => client.response(command, args).catch(() => undefined);
  const silence = new Promise((resolve) => setTimeout(resolve, 3_000).unref());
  const soon = (answer: Promise<unknown>) => Promise.race([answer, silence, ended]);
  await soon(ask('initialize', { linesStartAt1: true }));
  const launched = ask('launch');
  await soon(initialized);
  await soon(ask('setBreakpoints', { source: { path: '/home/me/main' }, breakpoints: [{ line: 1 }] }));
  await soon(ask('configurationDone'));
  await soon(launched);
  const first = async (command: string, args: object, list: string, handle: string) => ((await soon(ask(command, args))) as any)?.body?.[list]?.[0]?.[handle] ?? 1;
  const threadId = await first('threads', {}, 'threads', 'id');
  const frameId = await first('stackTrace', { threadId }, 'stackFrames', 'id');
  const variablesReference = await first('scopes', { frameId }, 'scopes', 'variablesReference');
  await soon(Promise.all([
    ask('variables', { variablesReference }), ask('evaluate', { expression: 'a', context: 'repl' }),
    ask('exceptionInfo', { threadId }), ask('completions', { text: 'a', column: 1 }), ask('loadedSources'), ...[1, 2, 3, 9].map((sourceReference) => ask('source', { sourceReference })),
  ]));
  await Promise.race([ask('disconnect'), ended]);
}

describe('a hostile debug adapter', () => {
  before(need('the build', bundles));

  for (const [runtime, probe] of Object.entries(runtimes)) {
    for (const [language, place] of Object.entries(places)) {
      if (runtime === 'docker' && language !== 'python' && !whole) continue;
      describe(`of ${language} in ${runtime}`, () => {
        before(need(runtime, probe));
        const lair = new Map<string, Lair>();
        const at = async (limits?: object) => {
          const key = JSON.stringify(limits);
          const known = lair.get(key) ?? new Lair(place);
          if (!lair.has(key)) {
            lair.set(key, known);
            await known.open(runtime, language, limits);
          }
          return known;
        };
        after(async () => {
          for (const each of lair.values()) await each.raw.end();
        });

        for (const [what, attack] of Object.entries(attacks)) {
          if (attack.silent && language !== 'python' && !whole) continue;
          if (!attack.connected || place.connects) it(what, async () => (await at(attack.limits)).fall(attack));
        }
      });
    }
  }

  describe('in an editor that starts codebeaker dap', () => {
    before(need('native', runtimes.native as Probe));

    it('has nothing started, leads to no file of this machine and is ended, and the next program is debugged', async () => {
      const main = sourceFile('main.py', '');
      const folder = dirname(main);
      layOut(folder);
      const launch = { runtime: 'native', cwd: folder };
      const { client, ...command } = new DapCommand();
      await client.ask('initialize', { supportsRunInTerminalRequest: true, supportsStartDebuggingRequest: true });
      const stopped = client.event('stopped');
      const said = () => client.events('output').map(({ output }) => output).join('');
      const launched = client.ask('launch', { ...launch, program: main, env: hostileEnv, internalConsoleOptions: 'unheard of' });
      await client.event('initialized');
      await client.ask('configurationDone');
      await launched;
      await stopped;
      await until('both requests are refused', () => said().includes(REFUSED));
      const { stackFrames } = await client.ask('stackTrace', { threadId: 1 });
      expect(stackFrames.map(({ source }: any) => source.path)).to.deep.equal([undefined, undefined, undefined, main]);
      const [inside, onHost, outOf] = await Promise.all(stackFrames.slice(0, 3).map(({ source }: any) => client.response('source', { source, sourceReference: source.sourceReference })));
      expect(inside.body?.content ?? '').not.to.equal(readFileSync('/etc/passwd', 'utf8'));
      expect([onHost.success, outOf.success]).to.deep.equal([false, false]);
      const { scopes: [{ variablesReference }] } = await client.ask('scopes', { frameId: stackFrames[0].id });
      const { variables: [variable] } = await client.ask('variables', { variablesReference });
      expect(variable.value).to.have.length(10_000_000);
      expect([variable.name, ...stackFrames.flatMap(({ name, source }: any) => [name, source.name])].join('')).to.contain('52;c').and.not.to.match(ACTING);
      const over = client.event('terminated');
      expect((await client.response('continue', { threadId: 1 })).success).to.equal(false);
      await over;
      await client.ask('disconnect');
      expect(await command.exited).to.equal(0);
      expect(said()).not.to.contain('unheard of');
      expect(client.faults).to.deep.equal([]);
      expect(JSON.stringify(client.received)).not.to.contain('forged');
      expect(client.received.some(({ type }) => type === 'request')).to.equal(false);
      expect(existsSync(canary)).to.equal(false);

      const next = new DapCommand();
      const steps = new Steps(next.client);
      const { go } = await steps.begin({ ...launch, program: join(folder, 'fine.py') });
      expect(await steps.finish(go)).to.equal(0);
      expect(steps.output('stdout')).to.equal('fine 42\n');
      expect(await next.exited).to.equal(0);
    });
  });
});

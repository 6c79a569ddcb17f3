/** A debugger as a command of its session, in a whole daemon: how it begins, what ends it, and what is told. Only the runtime and the adapter are fakes. */
import { expect } from 'chai';
import { deferred } from '../../server/src/base/promises.ts';
import { type Behaviour, fakeDebugpy, obedient } from '../fakes/adapter.ts';
import { type DaemonOptions, type TestDaemon, withDaemon } from '../serving/daemon.ts';
import { keep, withResuming } from '../serving/resuming.ts';
import { frame, type Json } from '../wire/wire.ts';

const capabilities = { debug: { adapter: true } };

class Debugging {
  readonly daemon: TestDaemon;
  readonly fake: ReturnType<typeof fakeDebugpy>;
  sessionId = '';
  #seq = 0;

  constructor(daemon: TestDaemon, fake: ReturnType<typeof fakeDebugpy>) {
    this.daemon = daemon;
    this.fake = fake;
  }

  get adapter() {
    return this.fake.adapters.at(-1) ?? expect.fail('no adapter was started');
  }

  get told(): Json[] {
    return this.daemon.received('debug/message').map(({ message }) => message);
  }

  get ended(): Json[] {
    return this.daemon.received('debug/ended');
  }

  events(name: string): Json[] {
    return this.told.filter(({ event }) => event === name).map(({ body }) => body);
  }

  start(params: object = {}): Promise<Json> {
    return this.daemon.result('debug/start', { sessionId: this.sessionId, code: 'forever', debugId: 'd', ...params });
  }

  async ask(command: string, args: object = {}): Promise<Json> {
    const seq = ++this.#seq;
    this.daemon.wire.send({ jsonrpc: '2.0', method: 'debug/message', params: { debugId: 'd', message: { seq, type: 'request', command, arguments: args } } });
    await this.daemon.settle();
    return this.told.find(({ request_seq: to }) => to === seq);
  }

  /** The client, which was told that it is over, disconnects. Resolves with what it was then told. */
  async left(): Promise<Json[]> {
    expect(await this.ask('disconnect')).to.include({ success: true });
    return this.ended;
  }

  async state(): Promise<string> {
    return (await this.daemon.result('session/list')).sessions[0]?.state;
  }
}

/** Runs a test with a session in a daemon whose Python has a debugpy that behaves so. */
async function debugging(behave: Behaviour, test: (debugging: Debugging) => Promise<void>, { session = {}, ...options }: DaemonOptions & { session?: object } = {}): Promise<void> {
  const fake = fakeDebugpy(behave);
  await withDaemon({ running: fake.running, ...options }, async (daemon) => {
    await daemon.initialize({ capabilities });
    const all = new Debugging(daemon, fake);
    all.sessionId = await daemon.session(session);
    await test(all);
  });
}

const usual = (test: (debugging: Debugging) => Promise<void>, options?: DaemonOptions & { session?: object }) => () => debugging(obedient, test, options);

describe('debug/start', () => {
  it('starts an adapter, passes messages in both directions, and ends when the client disconnects', usual(async (all) => {
    expect(await all.start()).to.deep.equal({ debugId: 'd', adapter: { name: 'debugpy', version: '1.8.0' } });
    expect(await all.ask('initialize')).to.deep.include({ success: true, body: { supportsConfigurationDoneRequest: true, supportsSetVariable: true } });
    await all.ask('launch', { program: '/etc/passwd' });
    const { arguments: launch } = all.adapter.heard.find(({ command }) => command === 'launch');
    expect(launch.program).to.match(/^\/workspace\/main-.*\.fake$/);
    expect(all.events('initialized')).to.have.length(1);
    expect(await all.state()).to.equal('busy');
    void all.adapter.event('exited', { exitCode: 3 });
    await all.ask('disconnect');
    expect(all.adapter.inputEnded).to.equal(true);
    expect(all.ended).to.deep.equal([{ debugId: 'd', outcome: 'exited', exitCode: 3 }]);
    expect(await all.state()).to.equal('ready');
    expect(all.told.map(({ seq }) => seq)).to.deep.equal(all.told.map((_, at) => at + 1));
    // What comes later is for nobody.
    expect(await all.ask('threads')).to.equal(undefined);
  }));

  for (const [outcome, asksFirst] of [['signaled', false], ['cancelled', true]] as const) {
    it(`has no exit code of a program that a signal has ended, and the outcome ${outcome} if the client had ${asksFirst ? '' : 'not '}disconnected before`, () => debugging((adapter, message) => {
      if (message.command !== 'disconnect') return obedient(adapter, message);
      if (asksFirst) void adapter.event('exited', { exitCode: -9 });
      return obedient(adapter, message);
    }, async (all) => {
      await all.start();
      await all.ask('launch');
      if (!asksFirst) await all.adapter.event('exited', { exitCode: -9 });
      await all.ask('disconnect');
      expect(all.ended).to.deep.equal([{ debugId: 'd', outcome, exitCode: null }]);
      expect(all.events('exited')).to.deep.equal([{ exitCode: 137 }]);
    }));
  }

  it('removes what it has made in the sandbox, before the next command', usual(async (all) => {
    await all.start();
    await all.ask('disconnect');
    const { entries } = await all.daemon.result('command/listDirectory', { sessionId: all.sessionId, path: '/tmp', recursive: true });
    expect(entries).to.deep.equal([]);
  }));

  it('has no time limit, unless the client asks for one', usual(async (all) => {
    await all.start();
    await all.daemon.server.clock.advance(100 * 60_000);
    expect(all.ended).to.deep.equal([]);
    expect(await all.state()).to.equal('busy');
    await all.ask('disconnect');
    await all.start({ timeoutMs: 5_000 });
    await all.daemon.server.clock.advance(6_000);
    expect((await all.left()).at(-1)).to.deep.equal({ debugId: 'd', outcome: 'timedOut', exitCode: null });
    expect(all.adapter.kills).not.to.deep.equal([]);
  }));

  it('lets other commands of the session run meanwhile', usual(async (all) => {
    await all.start();
    expect((await all.daemon.result('command/executeShell', { sessionId: all.sessionId, command: 'echo hello' })).stdout).to.equal('hello\n');
    await all.ask('disconnect');
  }));

  it('ends with its session, and everything that waits is answered', () => debugging((adapter, message) => {
    if (message.command !== 'threads') obedient(adapter, message);
  }, async (all) => {
    await all.start();
    await all.ask('threads');
    await all.daemon.result('session/close', { sessionId: all.sessionId });
    await all.daemon.settle();
    expect(all.told.map(({ type, command, event, success }) => [type, command ?? event, success])).to.deep.equal([['response', 'threads', false], ['event', 'terminated', undefined]]);
    expect(all.ended).to.deep.equal([{ debugId: 'd', outcome: 'cancelled', exitCode: null }]);
  }));

  it('tells that the sandbox was lost', usual(async (all) => {
    await all.start();
    all.daemon.sandbox.destroy();
    await all.daemon.settle();
    expect(await all.left()).to.deep.equal([{ debugId: 'd', outcome: 'sandboxLost', exitCode: null }]);
  }));

  it('is cancelled while the adapter starts', async () => {
    const starting = deferred();
    await debugging(obedient, async (all) => {
      const answer = all.daemon.wire.ask('start', 'debug/start', { sessionId: all.sessionId, code: 'forever', debugId: 'd' });
      await all.daemon.settle();
      all.daemon.wire.send({ jsonrpc: '2.0', method: '$/cancelRequest', params: { id: 'start' } });
      await all.daemon.settle();
      starting.resolve();
      expect((await answer).error?.data.kind).to.equal('RequestCancelled');
      await all.daemon.settle();
      expect(await all.state()).to.equal('ready');
      expect(all.ended).to.deep.equal([]);
    }, { starting: () => starting.promise });
  });

  it('is ended by a signal, under the id of the debugger', usual(async (all) => {
    await all.start();
    await all.daemon.result('command/signal', { commandId: 'd', signal: 'SIGKILL' });
    all.adapter.exit({ kind: 'signaled', signal: 'SIGKILL' });
    await all.daemon.settle();
    expect(await all.left()).to.deep.equal([{ debugId: 'd', outcome: 'signaled', exitCode: null }]);
  }));

  it('gives an adapter that does not answer a client that disconnects three seconds', () => debugging(() => undefined, async (all) => {
    await all.start();
    all.adapter.endsWithInput = false;
    await all.ask('disconnect');
    await all.daemon.server.clock.advance(2_900);
    expect(all.ended).to.deep.equal([]);
    await all.daemon.server.clock.advance(1_200);
    expect(all.told.find(({ command }) => command === 'disconnect')).to.include({ success: true });
    expect(all.ended).to.deep.equal([{ debugId: 'd', outcome: 'cancelled', exitCode: null }]);
  }));

  it('gives it no longer where the program ends meanwhile', () => debugging((adapter, message) => {
    if (message.command === 'disconnect') void adapter.event('terminated');
  }, async (all) => {
    await all.start();
    await all.ask('disconnect');
    await all.daemon.server.clock.advance(3_100);
    expect(all.ended).to.deep.equal([{ debugId: 'd', outcome: 'cancelled', exitCode: null }]);
  }));

  it('ends what a client has forgotten when the program is over', usual(async (all) => {
    await all.start();
    void all.adapter.event('exited', { exitCode: 0 });
    void all.adapter.event('terminated');
    await all.daemon.server.clock.advance(9_000);
    expect(all.ended).to.deep.equal([]);
    await all.daemon.server.clock.advance(2_000);
    expect(all.ended).to.deep.equal([{ debugId: 'd', outcome: 'exited', exitCode: 0 }]);
  }));

  const limits: Record<string, [end: (all: Debugging) => unknown, words: string]> = {
    memoryLimit: [(all) => all.adapter.exit({ kind: 'memoryLimit', signal: 'SIGKILL', code: null }), 'used more memory than its limit of 64 MiB (limits.memoryBytes)'],
    timedOut: [(all) => all.daemon.server.clock.advance(5_000), 'ran longer than its limit of 5 s (limits.timeoutMs)'],
    outputLimit: [(all) => all.adapter.event('output', { category: 'stdout', output: 'x'.repeat(2000) }), 'printed more than its limit of 1000 bytes (limits.outputBytes)'],
  };
  for (const [outcome, [end, words]] of Object.entries(limits)) {
    it(`says which limit has ended the program before it had begun: ${outcome}`, () => debugging((adapter, message) => {
      if (message.command !== 'launch') obedient(adapter, message);
    }, async (all) => {
      await all.start({ timeoutMs: 5_000 });
      await all.ask('initialize');
      expect(await all.ask('launch')).to.equal(undefined);
      await end(all);
      await all.daemon.settle();
      const why = `the program was ended because it ${words}`;
      expect(all.told.slice(1).map(({ command, event, message, body }) => [command ?? event, message ?? body?.output])).to.deep.equal([['launch', why], ['output', `${why}\n`], ['terminated', undefined]]);
      expect(await all.left()).to.deep.equal([{ debugId: 'd', outcome, exitCode: null }]);
    }, { session: { limits: { memoryBytes: 64 * 1024 * 1024, outputBytes: 1000 } } }));
  }

  it('does not say that a program exited whose debugger was killed', usual(async (all) => {
    await all.start();
    await all.ask('initialize');
    all.adapter.exit({ kind: 'signaled', signal: 'SIGKILL' });
    await all.daemon.settle();
    expect(all.events('terminated')).to.have.length(1);
    expect(await all.left()).to.deep.equal([{ debugId: 'd', outcome: 'signaled', exitCode: null }]);
  }));

  it('is told to have ended two seconds later to a client that does not disconnect, and holds up nothing but its id', usual(async (all) => {
    await all.start();
    all.adapter.exit({ kind: 'signaled', signal: 'SIGKILL' });
    await all.daemon.settle();
    expect(await all.state()).to.equal('ready');
    expect(await all.ask('threads')).to.include({ success: false, message: 'the debugger was ended by SIGKILL' });
    expect((await all.daemon.fault('debug/start', { sessionId: all.sessionId, code: 'forever', debugId: 'd' })).data).to.include({ kind: 'InvalidParams' });
    await all.daemon.server.clock.advance(1_900);
    expect(all.ended).to.deep.equal([]);
    await all.daemon.server.clock.advance(200);
    expect(all.ended).to.deep.equal([{ debugId: 'd', outcome: 'signaled', exitCode: null }]);
    expect(await all.ask('threads')).to.equal(undefined);
    await all.start();
    await all.ask('disconnect');
  }));

  it('kills what outlives the adapter', usual(async (all) => {
    await all.start();
    all.adapter.exit();
    await all.daemon.settle();
    expect(all.adapter.kills).to.have.length(1);
  }));

  it('counts what the program prints as output, and not what the debugger says', () => debugging(obedient, async (all) => {
    await all.start();
    await all.ask('initialize');
    for (let at = 0; at < 100; at++) await all.adapter.event('output', { category: 'console', output: 'x'.repeat(1000) });
    expect(all.ended).to.deep.equal([]);
    await all.adapter.event('output', { category: 'stdout', output: 'y'.repeat(900) });
    expect(all.events('output').at(-1).output).to.equal('y'.repeat(900));
    await all.adapter.event('output', { category: 'stdout', output: 'z'.repeat(200) });
    await all.daemon.settle();
    expect(all.events('output').slice(-2).map(({ output }) => output)).to.deep.equal(['y'.repeat(900), 'the program was ended because it printed more than its limit of 1000 bytes (limits.outputBytes)\n']);
    expect(await all.left()).to.deep.equal([{ debugId: 'd', outcome: 'outputLimit', exitCode: null }]);
  }, { session: { limits: { outputBytes: 1000 } } }));

  it('keeps secrets out of everything that is told', () => debugging(obedient, async (all) => {
    await all.start();
    await all.ask('initialize');
    await all.adapter.event('output', { category: 'stderr', output: 'it is correct-' });
    await all.adapter.event('output', { category: 'stderr', output: 'horse\n' });
    expect(all.events('output').map(({ output }) => output)).to.deep.equal(['it is ', '***\n']);
    await all.ask('disconnect');
  }, { session: { secrets: { TOKEN: 'correct-horse' } } }));

  const attacks: Record<string, Buffer> = {
    'a header of 1 GiB': Buffer.from(`Content-Length: ${2 ** 30}\r\n\r\n`),
    'no frames': Buffer.from('hello\r\n\r\n'),
    'JSON-RPC': frame({ jsonrpc: '2.0', id: 1, method: 'shutdown' }),
  };
  for (const [what, bytes] of Object.entries(attacks)) {
    it(`ends an adapter that sends ${what}`, usual(async (all) => {
      await all.start();
      void all.adapter.event('exited', { exitCode: 0 });
      await all.ask('initialize');
      void all.adapter.raw(bytes);
      await all.daemon.settle();
      expect(all.adapter.kills).not.to.deep.equal([]);
      expect(all.events('terminated')).to.have.length(1);
      expect(await all.left()).to.deep.equal([{ debugId: 'd', outcome: 'signaled', exitCode: null }]);
      expect(await all.state()).to.equal('ready');
    }));
  }

  it('lets nobody but the daemon write to the adapter', usual(async (all) => {
    await all.start();
    all.daemon.wire.send({ jsonrpc: '2.0', method: 'command/input', params: { commandId: 'd', data: 'Content-Length: 2\r\n\r\n{}', end: true } });
    await all.daemon.settle();
    expect(all.adapter.heard).to.deep.equal([]);
    expect(all.adapter.inputEnded).to.equal(false);
    await all.ask('disconnect');
  }));

  it('refuses a request of a client that is nested too deeply', usual(async (all) => {
    await all.start();
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    all.daemon.wire.raw(frame(`{"jsonrpc":"2.0","method":"debug/message","params":{"debugId":"d","message":{"seq":9,"type":"request","command":"evaluate","arguments":{"expression":"1","deep":${deep}}}}}`));
    await all.daemon.settle();
    expect(all.adapter.heard).to.deep.equal([]);
    await all.ask('disconnect');
    expect(all.ended).to.have.length(1);
  }));

  it('rewrites paths by the mappings of the client', usual(async (all) => {
    await all.start({ pathMappings: [{ client: 'file:///home/me/project', sandbox: '/workspace' }] });
    await all.ask('setBreakpoints', { source: { path: '/home/me/project/a.py' } });
    expect(all.adapter.heard[0].arguments.source.path).to.equal('/workspace/a.py');
    await all.ask('disconnect');
  }));

  it('says what is missing, and how to get it', async () => {
    const fake = fakeDebugpy(obedient, { missing: true });
    await withDaemon({ running: fake.running, languages: ['python', 'shellscript'] }, async (daemon) => {
      await daemon.initialize({ capabilities });
      const sessionId = await daemon.session();
      const { data } = await daemon.fault('debug/start', { sessionId, code: 'x' });
      expect(data).to.include({ kind: 'DebugUnavailable', language: 'python' });
      expect(data.missing).to.contain('debugpy');
      expect(data.hint).to.contain('apt-get install python3-debugpy');
      expect((await daemon.fault('debug/start', { sessionId, code: 'x', language: 'shellscript' })).data).to.include({ kind: 'DebugUnavailable', language: 'shellscript' });
      expect((await daemon.result('session/list')).sessions[0].state).to.equal('ready');
    });
  });

  it('names the limit of processes where no debugger of the language would work with it', () => debugging(obedient, async ({ daemon, sessionId, fake }) => {
    const { message, data } = await daemon.fault('debug/start', { sessionId, code: 'forever' });
    expect(message).to.equal('python is debugged with at least 32 processes and threads, and this session may have no more than 31 (limits.pids); make a session with a higher limit');
    expect(data.kind).to.equal('DebugUnavailable');
    expect(fake.adapters).to.deep.equal([]);
  }, { session: { limits: { pids: 31 } } }));

  it('is refused to clients that have not declared it', () => withDaemon({ running: fakeDebugpy().running }, async (daemon) => {
    await daemon.initialize();
    const sessionId = await daemon.session();
    expect((await daemon.fault('debug/start', { sessionId, code: 'x' })).data.kind).to.equal('DebugUnavailable');
  }));

  it('checks its params', usual(async ({ daemon, sessionId }) => {
    for (const wrong of [{}, { code: 'x', path: 'y' }, { code: 'x', pathMappings: [{ client: 'x', sandbox: '.' }] }]) expect((await daemon.fault('debug/start', { sessionId, ...wrong })).data.kind).to.equal('InvalidParams');
    expect((await daemon.fault('debug/start', { sessionId, path: '/etc/passwd' })).data.kind).to.equal('InvalidPath');
    expect((await daemon.fault('debug/start', { sessionId, path: 'none.py' })).data.kind).to.equal('FileNotFound');
  }));

  it('is in the capabilities with the languages that the machine can debug', () => withDaemon({ debuggable: ['python'] }, async (daemon) => {
    expect((await daemon.initialize({ capabilities })).capabilities.debug).to.deep.equal({ languages: ['python'] });
  }));

  it('ends when another connection takes its session over, which can debug anew', () => {
    const fake = fakeDebugpy();
    return withResuming(async (one, { come }) => {
      const kept = await keep(one);
      const two = await come(capabilities);
      const { sessionId } = kept;
      expect((await one.call('debug/start', { sessionId, code: 'forever', debugId: 'd' })).debugId).to.equal('d');
      await two.call('session/attach', kept);
      await two.server.flushTurns();
      expect(one.received('debug/ended')).to.deep.equal([{ debugId: 'd', outcome: 'cancelled', exitCode: null }]);
      expect([two.received('debug/message'), two.received('debug/ended')]).to.deep.equal([[], []]);
      expect((await two.call('debug/start', { sessionId, code: 'forever', debugId: 'd' })).debugId).to.equal('d');
      two.server.wire.send({ jsonrpc: '2.0', method: 'debug/message', params: { debugId: 'd', message: { seq: 1, type: 'request', command: 'disconnect' } } });
      await two.server.flushTurns();
      expect(two.received('debug/ended')).to.have.length(1);
      expect(fake.adapters.map(({ heard }) => heard.length)).to.deep.equal([0, 1]);
    }, {}, { running: fake.running }, capabilities);
  });
});

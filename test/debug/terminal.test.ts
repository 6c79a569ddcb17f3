/** A debugged program in a terminal, in a whole daemon: how the adapter has it started, what gets to it, and how both end. Only the runtime and the adapter are fakes. */
import { expect } from 'chai';
import { withoutFarewell } from '../../server/src/debug/terminal.ts';
import { type Behaviour, type FakeAdapter, fakeDebugpy, obedient } from '../fakes/adapter.ts';
import type { FakeProcess } from '../fakes/process.ts';
import { type DaemonOptions, type TestDaemon, withDaemon } from '../serving/daemon.ts';
import type { Json } from '../wire/wire.ts';

const size = { cols: 80, rows: 24 };

class Debugging {
  readonly daemon: TestDaemon;
  readonly #fake: ReturnType<typeof fakeDebugpy>;
  sessionId = '';
  #seq = 0;

  constructor(daemon: TestDaemon, fake: ReturnType<typeof fakeDebugpy>) {
    this.daemon = daemon;
    this.#fake = fake;
  }

  get adapters(): readonly FakeAdapter[] {
    return this.#fake.adapters;
  }

  get adapter(): FakeAdapter {
    return this.adapters.at(-1) ?? expect.fail('no adapter was started');
  }

  /** The programs that were started in the terminal. */
  get programs(): readonly FakeProcess[] {
    return this.daemon.runtime.made.flatMap(({ processes }) => processes).filter(({ program }) => program.pty);
  }

  get program(): FakeProcess {
    return this.programs[0] ?? expect.fail('no program was started in the terminal');
  }

  get ended(): Json[] {
    return this.daemon.received('debug/ended');
  }

  get output(): Json[] {
    return this.daemon.received('command/output');
  }

  /** What the daemon has answered to what the adapter asked. */
  get answers(): Json[] {
    return this.adapter.heard.filter(({ type }) => type === 'response').map(({ success, command, message }) => ({ success, command, message }));
  }

  async start(params: object = {}): Promise<void> {
    await this.daemon.result('debug/start', { sessionId: this.sessionId, code: 'forever', debugId: 'd', pty: size, ...params });
  }

  async ask(command: string, args: object = {}): Promise<Json> {
    const seq = ++this.#seq;
    await this.tell('debug/message', { debugId: 'd', message: { seq, type: 'request', command, arguments: args } });
    return this.daemon.received('debug/message').map(({ message }) => message).find(({ request_seq: to }) => to === seq);
  }

  /** The client, which was told that it is over, disconnects. Resolves with what it was then told. */
  async left(): Promise<Json[]> {
    expect(await this.ask('disconnect')).to.include({ success: true });
    return this.ended;
  }

  async tell(method: string, params: object): Promise<void> {
    this.daemon.wire.send({ jsonrpc: '2.0', method, params });
    await this.daemon.settle();
  }

  /** Has the adapter ask for a program in the terminal, as debugpy does. */
  async runs(args: unknown, more: object = {}): Promise<void> {
    void this.adapter.send({ type: 'request', command: 'runInTerminal', arguments: { kind: 'integrated', title: 'x', cwd: '/workspace', env: {}, args, ...more } });
    await this.daemon.settle();
  }
}

async function debugging(test: (debugging: Debugging) => Promise<void>, { session = {}, behave = obedient, ...options }: DaemonOptions & { session?: object; behave?: Behaviour } = {}): Promise<void> {
  const fake = fakeDebugpy(behave);
  await withDaemon({ running: fake.running, ...options }, async (daemon) => {
    await daemon.initialize({ capabilities: { debug: { adapter: true } } });
    const all = new Debugging(daemon, fake);
    all.sessionId = await daemon.session(session);
    await test(all);
  });
}

const usual = (test: (debugging: Debugging) => Promise<void>, options?: Parameters<typeof debugging>[1]) => () => debugging(test, options);

describe('a debugged program in a terminal', () => {
  it('is started by the daemon where the adapter asks for it, in the same sandbox, with the variables of both', usual(async (all) => {
    await all.start({ env: { A: '1', B: '2' } });
    await all.ask('initialize', { supportsRunInTerminalRequest: false });
    await all.ask('launch');
    const asked = (command: string) => all.adapter.heard.find((message) => message.command === command).arguments;
    expect(asked('initialize')).to.include({ supportsRunInTerminalRequest: true, supportsStartDebuggingRequest: false });
    expect(asked('launch')).to.include({ console: 'integratedTerminal', redirectOutput: false });
    await all.runs(['fake', 'echo hello\nforever'], { env: { B: null, C: '3' }, cwd: '/tmp' });
    expect(all.answers).to.deep.equal([{ success: true, command: 'runInTerminal', message: undefined }]);
    const { pty, cwd, env } = all.program.program;
    expect({ pty, cwd }).to.deep.equal({ pty: size, cwd: '/tmp' });
    expect(env).to.include({ A: '1', C: '3', PYDEVD_DISABLE_FILE_VALIDATION: '1' });
    expect(env).not.to.have.property('B');
    expect(all.output.map(({ commandId, stream, data }) => [commandId, stream, data])).to.deep.equal([['d', 'pty', 'hello\n']]);
    // No client is asked.
    expect(all.daemon.received('debug/message').filter(({ message }) => message.type === 'request')).to.deep.equal([]);
  }));

  it('is started once, and nothing else is', usual(async (all) => {
    await all.start();
    await all.runs(['fake', 'forever']);
    await all.runs(['fake', 'forever']);
    void all.adapter.send({ type: 'request', command: 'startDebugging', arguments: { request: 'launch', configuration: {} } });
    await all.daemon.settle();
    expect(all.answers.map(({ command, success }) => [command, success])).to.deep.equal([['runInTerminal', true], ['runInTerminal', false], ['startDebugging', false]]);
    expect(all.programs).to.have.length(1);
  }));

  it('is not there unless the client asks for it', usual(async (all) => {
    await all.start({ pty: undefined });
    await all.ask('initialize');
    await all.runs(['fake', 'forever']);
    expect(all.adapter.heard.find(({ command }) => command === 'initialize').arguments).to.include({ supportsRunInTerminalRequest: false });
    expect(all.answers).to.deep.equal([{ success: false, command: 'runInTerminal', message: 'this client starts nothing' }]);
    expect(all.programs).to.deep.equal([]);
  }));

  const wrong: Record<string, [args: unknown, more?: object]> = {
    'no words': [[]],
    'words that are no texts': [['fake', 1]],
    'a word with NUL': [['fake', 'a\0b']],
    'more words than a command line takes': [['fake', 'x'.repeat(2 * 1024 * 1024)]],
    'variables that are no texts': [['fake', 'forever'], { env: { A: 1 } }],
    'variables that are a list': [['fake', 'forever'], { env: ['A'] }],
    'a folder that is none of the sandbox’s': [['fake', 'forever'], { cwd: '/etc' }],
    'a folder that is no path': [['fake', 'forever'], { cwd: 1 }],
    'a folder that does not exist': [['fake', 'forever'], { cwd: '/workspace/none' }],
  };
  for (const [what, [args, more]] of Object.entries(wrong)) {
    it(`is not started from ${what}`, usual(async (all) => {
      await all.start();
      await all.runs(args, more);
      expect(all.answers.map(({ success }) => success)).to.deep.equal([false]);
      expect(all.answers[0].message).to.be.a('string').and.not.equal('');
      expect(all.programs).to.deep.equal([]);
      await all.ask('disconnect');
      expect(all.ended).to.have.length(1);
    }));
  }

  it('is said not to be possible where the sandbox has no terminals', usual(async (all) => {
    await all.start();
    await all.runs(['fake', 'forever']);
    expect(all.answers).to.deep.equal([{ success: false, command: 'runInTerminal', message: 'this runtime has no terminals' }]);
  }, { pty: false }));

  it('gets input, sizes and signals, also those that came before it was there', usual(async (all) => {
    await all.start();
    await all.tell('command/resize', { commandId: 'd', cols: 100, rows: 30 });
    await all.tell('command/input', { commandId: 'd', data: 'early\n' });
    await all.runs(['fake', 'stubborn\ncat\nforever']);
    expect(all.program.program.pty).to.deep.equal({ cols: 100, rows: 30 });
    await all.tell('command/input', { commandId: 'd', data: 'late\n' });
    await all.tell('command/resize', { commandId: 'd', cols: 90, rows: 20 });
    expect(all.program.sizes).to.deep.equal([{ cols: 90, rows: 20 }]);
    // The terminal makes signals of these keys, for the program that is in front.
    await all.daemon.result('command/signal', { commandId: 'd', signal: 'SIGINT' });
    await all.daemon.result('command/signal', { commandId: 'd', signal: 'SIGQUIT' });
    await all.daemon.result('command/signal', { commandId: 'd', signal: 'SIGTERM' });
    expect(all.output.map(({ data }) => data).join('')).to.equal('early\nlate\n\x03\x1c');
    expect(all.program.signals).to.deep.equal(['SIGTERM']);
    expect(all.adapter.heard.map(({ type }) => type)).to.deep.equal(['response']);
  }));

  it('ends together with its adapter, and its exit code counts where the adapter tells none', usual(async (all) => {
    await all.start();
    await all.runs(['fake', 'exit 7']);
    await all.ask('disconnect');
    expect(all.ended).to.deep.equal([{ debugId: 'd', outcome: 'exited', exitCode: 7 }]);
    await all.start();
    await all.runs(['fake', 'exit 7']);
    void all.adapter.event('exited', { exitCode: 3 });
    await all.ask('disconnect');
    expect(all.ended[1]).to.deep.equal({ debugId: 'd', outcome: 'exited', exitCode: 3 });
    await all.start();
    await all.runs(['fake', 'forever']);
    await all.ask('disconnect');
    expect(all.programs[2]?.kills).not.to.deep.equal([]);
    expect(all.ended[2]).to.include({ exitCode: null });
    expect((await all.daemon.result('session/list')).sessions[0].state).to.equal('ready');
  }));

  it('ends with its session', usual(async (all) => {
    await all.start();
    await all.runs(['fake', 'forever']);
    await all.daemon.result('session/close', { sessionId: all.sessionId });
    await all.daemon.settle();
    expect(all.ended).to.deep.equal([{ debugId: 'd', outcome: 'cancelled', exitCode: null }]);
    expect(all.program.kills).not.to.deep.equal([]);
  }));

  it('does not outlive an adapter that attacks', usual(async (all) => {
    await all.start();
    await all.runs(['fake', 'stubborn\nforever']);
    void all.adapter.raw('no message\r\n\r\n');
    await all.daemon.settle();
    expect(all.program.kills).not.to.deep.equal([]);
    expect(await all.left()).to.deep.equal([{ debugId: 'd', outcome: 'signaled', exitCode: null }]);
  }));

  it('is held back by a client that does not acknowledge, and its debugger is not', usual(async (all) => {
    await all.start();
    await all.runs(['fake', 'flood 100000000']);
    const before = all.output.length;
    await all.daemon.settle();
    expect(all.output).to.have.length(before);
    expect(await all.ask('pause')).to.include({ success: true });
    await all.daemon.result('session/close', { sessionId: all.sessionId });
  }, { session: { limits: { outputBytes: 200_000_000 } } }));

  it('is ended when it has printed more than it may', usual(async (all) => {
    await all.start();
    await all.runs(['fake', 'flood 10000\nforever']);
    await all.daemon.settle();
    expect(await all.left()).to.deep.equal([{ debugId: 'd', outcome: 'outputLimit', exitCode: null }]);
    expect(all.output.reduce((sum, { data }) => sum + data.length, 0)).to.equal(1000);
  }, { session: { limits: { outputBytes: 1000 } } }));

  it('tells no secrets of its session', usual(async (all) => {
    await all.start();
    await all.runs(['fake', 'echo it is swordfish-1234, is it not\nforever']);
    await all.program.print('pty', 'more\n');
    const told = all.output.map(({ data }) => data).join('');
    expect(told).to.contain('is it not').and.not.contain('swordfish');
  }, { session: { secrets: { KEY: 'swordfish-1234' } } }));

  it('is not that of an adapter which waits, whose program has an empty input already', usual(async (all) => {
    await all.start({ pty: undefined });
    await all.ask('disconnect');
    await all.daemon.server.clock.advance(300);
    await all.daemon.settle();
    expect(all.adapters).to.have.length(2);
    await all.start();
    expect(all.adapters).to.have.length(3);
    await all.runs(['fake', 'forever']);
    expect(all.programs).to.have.length(1);
    expect(all.adapters[1]?.kills).to.have.length(1);
    expect(all.adapters[1]?.woken).to.equal(false);
  }, { config: { pool: { other: { python: 1 } } }, debuggable: ['python'] }));
});

describe('what a runtime prints at the end of a debugged program', () => {
  const shown = (...chunks: string[]) => {
    let text = '';
    const sink = withoutFarewell((_stream, chunk) => void (text += chunk.toString()), 'Bye\r\n');
    for (const chunk of chunks) void sink('pty', Buffer.from(chunk));
    return text;
  };

  it('is left out at the end alone', () => {
    expect(shown('hello\r\n', 'Bye\r\n')).to.equal('hello\r\n');
    expect(shown('hello\r\nBye\r\n')).to.equal('hello\r\n');
    expect(shown('Bye\r\n', 'hello\r\n')).to.equal('Bye\r\nhello\r\n');
    expect(shown('Bye\r\n', 'Bye\r\n')).to.equal('Bye\r\n');
    expect(shown('B', 'ye')).to.equal('Bye');
  });
});

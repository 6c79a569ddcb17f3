/** Adapters that wait before anybody asks for them, in a whole daemon. Only the runtime and the adapters are fakes. */
import { expect } from 'chai';
import { deferred } from '../../server/src/base/promises.ts';
import { fakeDebugpy } from '../fakes/adapter.ts';
import { type DaemonOptions, type TestDaemon, withDaemon } from '../serving/daemon.ts';
import type { Json } from '../wire/wire.ts';

/** A configuration that has sandboxes prepared. */
const prepares = { pool: { other: { python: 1 } } };

class Debugging {
  readonly daemon: TestDaemon;
  readonly fake: ReturnType<typeof fakeDebugpy>;
  sessionId = '';
  #count = 0;

  constructor(daemon: TestDaemon, fake: ReturnType<typeof fakeDebugpy>) {
    this.daemon = daemon;
    this.fake = fake;
  }

  /** Which of the adapters that were started wait, were woken, or have been killed, in order. */
  get adapters(): string[] {
    return this.fake.adapters.map(({ woken, kills }) => (woken ? 'woken' : kills.length > 0 ? 'killed' : 'waits'));
  }

  async start(params: object = {}): Promise<string> {
    const debugId = `d${++this.#count}`;
    await this.daemon.result('debug/start', { sessionId: this.sessionId, code: 'forever', debugId, ...params });
    return debugId;
  }

  async disconnect(debugId: string): Promise<void> {
    this.daemon.wire.send({ jsonrpc: '2.0', method: 'debug/message', params: { debugId, message: { seq: 1, type: 'request', command: 'disconnect', arguments: {} } } });
    await this.daemon.settle();
  }

  /** Debugs from the beginning to the end, and gives the session a moment of quiet. */
  async once(params: object = {}): Promise<void> {
    await this.disconnect(await this.start(params));
    await this.quiet();
  }

  async quiet(ms = 300): Promise<void> {
    await this.daemon.server.clock.advance(ms);
    await this.daemon.settle();
  }

  async session(): Promise<Json> {
    return (await this.daemon.result('session/list')).sessions.find(({ sessionId }: Json) => sessionId === this.sessionId);
  }

  async inTmp(): Promise<string[]> {
    return (await this.daemon.result('command/listDirectory', { sessionId: this.sessionId, path: '/tmp' })).entries.map(({ name }: Json) => name);
  }
}

function debugging(test: (all: Debugging) => Promise<void>, { session = {}, ...options }: DaemonOptions & { session?: object } = {}): () => Promise<void> {
  return async () => {
    const fake = fakeDebugpy();
    await withDaemon({ running: fake.running, config: prepares, debuggable: ['python'], ...options }, async (daemon) => {
      await daemon.initialize({ capabilities: { debug: { adapter: true } } });
      const all = new Debugging(daemon, fake);
      all.sessionId = await daemon.session(session);
      await test(all);
    });
  };
}

/** Runs a test in which adapters that are started between `hold` and `pass` do not begin before `release`. */
function holding(test: (all: Debugging, adapters: { hold(): void; pass(): void; release(): void }) => Promise<void>) {
  const starting = deferred();
  let held = false;
  return debugging((all) => test(all, { hold: () => void (held = true), pass: () => void (held = false), release: starting.resolve }), { starting: () => (held ? starting.promise : undefined) });
}

describe('a debug adapter', () => {
  it('waits when its session was debugged and is quiet, and the next debugger is that one', debugging(async (all) => {
    await all.disconnect(await all.start());
    expect(all.adapters).to.deep.equal(['woken']);
    await all.quiet();
    expect(all.adapters).to.deep.equal(['woken', 'waits']);
    const debugId = await all.start();
    expect(all.adapters).to.deep.equal(['woken', 'woken']);
    expect(all.fake.adapters[1]?.heard).to.deep.equal([]);
    all.daemon.wire.send({ jsonrpc: '2.0', method: 'debug/message', params: { debugId, message: { seq: 1, type: 'request', command: 'launch', arguments: {} } } });
    await all.daemon.settle();
    const [first, second] = all.fake.adapters;
    expect(second?.heard[0].arguments.program).to.match(/^\/workspace\/main-.*\.fake$/);
    expect(second?.program.env.PYTHONPATH).not.to.equal(first?.program.env.PYTHONPATH);
    await all.disconnect(debugId);
    expect(all.daemon.received('debug/ended').map(({ outcome }) => outcome)).to.deep.equal(['cancelled', 'cancelled']);
    await all.quiet();
    expect(all.adapters).to.deep.equal(['woken', 'woken', 'waits']);
  }));

  it('that waits is no command: the session is ready and is closed when nobody uses it', debugging(async (all) => {
    await all.once();
    expect(await all.session()).to.include({ state: 'ready', commandCount: 1 });
    await all.quiet(60_000);
    expect(await all.session()).to.equal(undefined);
    expect(all.daemon.received('debug/ended')).to.have.length(1);
  }, { session: { idleTimeoutMs: 60_000 } }));

  it('that was started with other variables is ended, and none waits for those of the next', debugging(async (all) => {
    await all.once();
    await all.disconnect(await all.start({ env: { A: '1' } }));
    expect(all.adapters).to.deep.equal(['woken', 'killed', 'woken']);
    await all.quiet();
    await all.start({ env: { A: '1' } });
    expect(all.adapters).to.deep.equal(['woken', 'killed', 'woken', 'woken']);
  }));

  const spoils: Record<string, (all: Debugging) => void> = {
    'has ended': (all) => all.fake.adapters[1]?.exit(),
    'has said something unasked': (all) => void all.fake.adapters[1]?.event('stopped', { reason: 'pause' }),
  };
  for (const [what, spoil] of Object.entries(spoils)) {
    it(`that ${what} is not used`, debugging(async (all) => {
      await all.once();
      spoil(all);
      await all.daemon.settle();
      await all.start();
      expect(all.adapters).to.deep.equal(['woken', 'killed', 'woken']);
      expect(all.daemon.received('debug/message')).to.satisfy((messages: Json[]) => messages.every(({ message }) => message.event !== 'stopped'));
    }));
  }

  const others: Record<string, (all: Debugging) => Promise<unknown>> = {
    'a program': (all) => all.daemon.result('command/runCode', { sessionId: all.sessionId, code: 'echo' }),
    'a command line': (all) => all.daemon.result('command/executeShell', { sessionId: all.sessionId, command: 'echo' }),
    'what is debugged in a terminal': async (all) => all.disconnect(await all.start({ pty: { cols: 80, rows: 24 } })),
  };
  for (const [what, begin] of Object.entries(others)) {
    it(`has waited alone: it ends when ${what} begins, which could write its files, and another one waits after that`, debugging(async (all) => {
      await all.once();
      await begin(all);
      expect(all.adapters.slice(0, 2)).to.deep.equal(['woken', 'killed']);
      await all.quiet(600);
      const { length } = all.fake.adapters;
      expect(all.adapters.at(-1)).to.equal('waits');
      await all.start();
      expect(all.adapters.at(-1)).to.equal('woken');
      expect(all.fake.adapters).to.have.length(length);
      // Of what has ended nothing is left, and one folder of the debugger that runs.
      expect((await all.inTmp()).length).to.be.at.most(2);
    }));
  }

  it('that is being started when a program begins is not used', holding(async (all, adapters) => {
    await all.disconnect(await all.start());
    adapters.hold();
    await all.quiet();
    adapters.pass();
    await all.daemon.result('command/executeShell', { sessionId: all.sessionId, command: 'echo' });
    adapters.release();
    await all.daemon.settle();
    expect(all.adapters).to.deep.equal(['woken', 'killed']);
  }));

  it('is not started again after a program where nothing was debugged for five minutes', debugging(async (all) => {
    await all.once();
    await all.quiet(301_000);
    expect(all.adapters).to.deep.equal(['woken', 'waits']);
    await all.daemon.result('command/executeShell', { sessionId: all.sessionId, command: 'echo' });
    await all.quiet(1_000);
    expect(all.adapters).to.deep.equal(['woken', 'killed']);
  }, { session: { idleTimeoutMs: 3_600_000 } }));

  it('ends when it was not needed for ten minutes, and leaves nothing', debugging(async (all) => {
    await all.once();
    expect(await all.inTmp()).to.have.length(1);
    await all.quiet(599_000);
    expect(all.adapters).to.deep.equal(['woken', 'waits']);
    await all.quiet(1_000);
    expect(all.adapters).to.deep.equal(['woken', 'killed']);
    expect(await all.inTmp()).to.deep.equal([]);
  }));

  it('leaves nothing in the sandbox when it was used', debugging(async (all) => {
    await all.once();
    await all.disconnect(await all.start());
    expect(await all.inTmp()).to.deep.equal([]);
  }));

  it('ends with its session', debugging(async (all) => {
    await all.once();
    await all.daemon.result('session/close', { sessionId: all.sessionId });
    await all.quiet(600_000);
    expect(all.adapters).to.deep.equal(['woken', 'waits']);
    expect(await all.fake.adapters[1]?.exited).to.include({ kind: 'signaled' });
  }));

  const none: Record<string, DaemonOptions & { session?: object }> = {
    'where nothing is prepared in advance': { config: { pool: {} } },
    'where there is little memory': { session: { limits: { memoryBytes: 256 * 1024 * 1024 } } },
    'where there can be few processes': { session: { limits: { pids: 64 } } },
  };
  for (const [where, options] of Object.entries(none)) {
    it(`does not wait ${where}`, debugging(async (all) => {
      await all.once();
      expect(all.adapters).to.deep.equal(['woken']);
    }, options));
  }

  it('does not wait with a variable that has code run before the program', debugging(async (all) => {
    await all.once();
    expect(all.adapters).to.deep.equal(['woken']);
  }, { session: { env: { PYTHONSTARTUP: '/workspace/x.py' } } }));

  it('does not wait for a client that debugs in terminals, where it is of no use', debugging(async (all) => {
    await all.disconnect(await all.start({ pty: { cols: 80, rows: 24 } }));
    await all.quiet();
    all.sessionId = await all.daemon.session();
    await all.quiet();
    expect(all.adapters).to.deep.equal(['woken']);
  }));

  it('does not wait in a session that is busy, and waits when it is quiet again', debugging(async (all) => {
    await all.disconnect(await all.start());
    const command = all.daemon.wire.ask('c', 'command/executeShell', { sessionId: all.sessionId, command: 'forever', commandId: 'c' });
    await all.quiet();
    expect(await all.session()).to.include({ state: 'busy' });
    expect(all.adapters).to.deep.equal(['woken']);
    await all.daemon.result('command/signal', { commandId: 'c', signal: 'SIGKILL' });
    await command;
    await all.quiet(600);
    expect(all.adapters).to.deep.equal(['woken', 'waits']);
  }));

  it('never waits with the variables of one debugger, which every program of the sandbox could read', debugging(async (all) => {
    await all.once({ env: { A: '1' } });
    expect(all.adapters).to.deep.equal(['woken']);
    await all.once();
    expect(all.adapters).to.deep.equal(['woken', 'woken', 'waits']);
    expect(all.fake.adapters.at(-1)?.program.env).to.include({ B: '2' }).and.not.to.have.property('A');
  }, { session: { env: { B: '2' } } }));

  it('that will not suit is not waited for', holding(async (all, adapters) => {
    await all.disconnect(await all.start());
    adapters.hold();
    await all.quiet();
    adapters.pass();
    // The one that is being started never gets so far.
    await all.start({ env: { A: '1' } });
    expect(all.adapters).to.deep.equal(['woken', 'woken']);
    adapters.release();
    await all.daemon.settle();
    expect(all.adapters).to.deep.equal(['woken', 'woken', 'killed']);
  }));

  it('waits in a new session, if its language was debugged in the last five minutes', debugging(async (all) => {
    await all.once();
    await all.quiet(299_000);
    all.sessionId = await all.daemon.session();
    await all.quiet();
    expect(all.adapters).to.deep.equal(['woken', 'waits', 'waits']);
    await all.disconnect(await all.start());
    expect(all.adapters).to.deep.equal(['woken', 'waits', 'woken']);
    await all.quiet(301_000);
    await all.daemon.session();
    await all.daemon.session({ language: 'shellscript' });
    await all.quiet();
    // The first one has waited long enough, and the last one waits where the session was debugged.
    expect(all.adapters).to.deep.equal(['woken', 'killed', 'woken', 'waits']);
  }));

  it('waits in a new session of a client that says it will debug there, also if nothing was debugged before', debugging(async (all) => {
    await all.quiet();
    expect(all.adapters).to.deep.equal(['waits']);
    await all.start();
    expect(all.adapters).to.deep.equal(['woken']);
  }, { session: { debug: true } }));

  it('is not started in a new session of a client that debugs nothing', debugging(async (all) => {
    await all.quiet();
    expect(all.adapters).to.deep.equal([]);
  }));

  it('gives way when more than four wait', debugging(async (all) => {
    await all.once();
    for (let more = 0; more < 4; more++) {
      all.sessionId = await all.daemon.session();
      await all.once();
    }
    expect(all.adapters.filter((each) => each === 'waits')).to.have.length(4);
    expect(all.adapters[1]).to.equal('killed');
  }));

  it('gives way in the order in which they wait, and only those that wait do', debugging(async (all) => {
    const sessions = [all.sessionId];
    for (let more = 0; more < 5; more++) sessions.push(await all.daemon.session());
    const [first = '', ...others] = sessions;
    for (const sessionId of others.slice(0, 3)) {
      all.sessionId = sessionId;
      await all.once();
    }
    // Three wait; these two will, and have not begun.
    all.sessionId = first;
    await all.disconnect(await all.start());
    all.sessionId = others[3] ?? '';
    await all.disconnect(await all.start());
    expect(all.adapters.filter((each) => each === 'killed')).to.deep.equal([]);
    await all.quiet();
    expect(all.adapters.filter((each) => each === 'waits')).to.have.length(4);
    expect(all.adapters.filter((each) => each === 'killed')).to.have.length(1);
    // All four are of use.
    for (const sessionId of [first, ...others.slice(1, 4)]) {
      all.sessionId = sessionId;
      const before = all.fake.adapters.length;
      await all.start();
      expect(all.fake.adapters).to.have.length(before);
    }
  }));

  it('that is being started is waited for', holding(async (all, adapters) => {
    await all.disconnect(await all.start());
    adapters.hold();
    await all.quiet();
    const answer = all.start();
    await all.daemon.settle();
    adapters.pass();
    adapters.release();
    await answer;
    expect(all.adapters).to.deep.equal(['woken', 'woken']);
  }));

  it('that is being started is not waited for by a debugger that is cancelled', holding(async (all, adapters) => {
    await all.disconnect(await all.start());
    adapters.hold();
    await all.quiet();
    const answer = all.daemon.wire.ask('start', 'debug/start', { sessionId: all.sessionId, code: 'forever', debugId: 'x' });
    await all.daemon.settle();
    all.daemon.wire.send({ jsonrpc: '2.0', method: '$/cancelRequest', params: { id: 'start' } });
    await all.daemon.settle();
    expect((await answer).error?.data.kind).to.equal('RequestCancelled');
    adapters.release();
    await all.daemon.settle();
    expect(all.adapters).to.deep.equal(['woken', 'killed']);
    await all.quiet();
    expect(await all.session()).to.include({ state: 'ready' });
  }));

  it('is not looked for again where none could be started three times', async () => {
    let fails = false;
    let looked = 0;
    await debugging(async (all) => {
      for (let times = 0; times < 5; times++) {
        fails = false;
        await all.disconnect(await all.start());
        fails = true;
        await all.quiet();
      }
      expect(looked).to.equal(3);
    }, { starting: () => {
      if (fails) looked += 1;
      return fails ? Promise.reject(new Error('no')) : undefined;
    } })();
  });
});

/** Debuggers that connect, in a whole daemon: programs that are compiled before, and programs that end together with their debugger. Only the runtime and the debuggers are fakes. */
import { expect } from 'chai';
import type { Toolchain } from '../../server/src/runtime/ports.ts';
import { type Debugging, debugging } from './connecting.ts';

const compiling = (script: string): Toolchain['phases'] => (_, args, scratch) => [
  { name: 'compile', command: ['fake', script], env: {}, files: { [`${scratch}/overlay.json`]: '{}' } },
  { name: 'run', command: [`${scratch}/program`, ...args], env: {} },
];

describe('a program that is compiled', () => {
  it('is compiled, and then debugged by what connects; it prints on its own streams', () => debugging('go', compiling('echo compiled'), async (all) => {
    expect(await all.start()).to.deep.equal({ debugId: 'd', adapter: { name: 'Delve', version: '1.20.2' } });
    expect(all.child.program).to.deep.include({ command: ['dlv', 'dap', '--client-addr', '127.0.0.1:4000', '--log-dest', '/dev/null'], stdin: 'none' });
    const asked = all.ask('initialize');
    all.connect();
    await asked;
    await all.ask('launch', { program: '/etc/passwd' });
    expect(all.heard.map(({ command }) => command)).to.deep.equal(['initialize', 'launch']);
    expect(all.heard[1].arguments.program).to.match(/^\/tmp\/\.codebeaker-\w+\/program$/);
    void all.child.raw('ä'.slice(0, 1));
    void all.child.raw(Buffer.from('ö').subarray(0, 1));
    void all.child.raw(Buffer.from('ö').subarray(1));
    await all.daemon.settle();
    expect(all.events).to.deep.equal([['output', 'ä'], ['output', 'ö']]);
    await all.ask('disconnect');
    all.connection.end();
    all.child.exit();
    await all.daemon.settle();
    expect(all.ended).to.deep.equal([{ debugId: 'd', outcome: 'cancelled', exitCode: null }]);
  }));

  it('is not debugged if it cannot be compiled: the launch fails, and the client reads why', () => debugging('go', compiling('warn /workspace/main.go:3:2: undefined: x\nexit 2'), async (all) => {
    await all.start({ pathMappings: [{ client: '/home/me/p', sandbox: '/workspace' }] });
    expect(all.children).to.deep.equal([]);
    expect(await all.ask('initialize')).to.include({ success: true });
    expect(await all.ask('launch')).to.deep.include({ success: false, message: 'the program could not be built: what the compiler says is in the output' });
    expect(all.events).to.deep.equal([['output', '/home/me/p/main.go:3:2: undefined: x\n'], ['terminated', undefined]]);
    expect(await all.ask('threads')).to.include({ success: false });
    expect(await all.ask('disconnect')).to.include({ success: true });
    expect(all.ended).to.have.length(1);
    expect((await all.daemon.result('session/list')).sessions[0].state).to.equal('ready');
    expect((await all.daemon.result('command/listDirectory', { sessionId: all.sessionId, path: '/tmp', recursive: true })).entries).to.deep.equal([]);
  }));

  const failures: Record<string, [script: string, words: string, said: string[]]> = {
    'says nothing': ['exit 3', 'the compiler ended with the code 3, and says nothing', []],
    'needs too much memory': ['oom', 'limits.memoryBytes', []],
    'crashes after it has said something': ['warn words\ncrash SIGSEGV', 'SIGSEGV; what it says is in the output', ['words\n']],
  };
  for (const [what, [script, words, said]] of Object.entries(failures)) {
    it(`is not debugged, and the client reads why, where the compiler ${what}`, () => debugging('go', compiling(script), async (all) => {
      await all.start();
      expect((await all.ask('launch')).message).to.contain(words);
      expect(all.events).to.deep.equal([...said.map((text) => ['output', text]), ['terminated', undefined]]);
    }));
  }

  it('has what the compiler says counted once', () => debugging('go', compiling(`warn ${'x'.repeat(600)}\nexit 2`), async (all) => {
    await all.start();
    await all.ask('launch');
    expect(all.events).to.have.length(2);
    await all.ask('disconnect');
    expect(all.ended).to.deep.equal([{ debugId: 'd', outcome: 'cancelled', exitCode: null }]);
  }, { limits: { outputBytes: 1000 } }));

  const ends: Record<string, (all: Debugging) => Promise<unknown>> = {
    timedOut: async (all) => {
      await all.daemon.server.clock.advance(6_000);
      await all.left();
    },
    cancelled: (all) => all.daemon.result('session/close', { sessionId: all.sessionId }),
  };
  for (const [outcome, end] of Object.entries(ends)) {
    it(`that cannot be compiled is ended as every debugger is: ${outcome}`, () => debugging('go', compiling('exit 2'), async (all) => {
      await all.start({ timeoutMs: 5_000 });
      await end(all);
      await all.daemon.settle();
      expect(all.ended).to.deep.equal([{ debugId: 'd', outcome, exitCode: null }]);
    }));
  }

  it('is ended while it is compiled', () => debugging('go', compiling('forever'), async (all) => {
    const answer = all.daemon.wire.ask('start', 'debug/start', { sessionId: all.sessionId, code: 'text', debugId: 'd' });
    await all.daemon.settle();
    all.daemon.wire.send({ jsonrpc: '2.0', method: '$/cancelRequest', params: { id: 'start' } });
    expect((await answer).error?.data.kind).to.equal('RequestCancelled');
    expect(all.children).to.deep.equal([]);
  }));

  it('counts what the program prints', () => debugging('go', compiling('echo x'), async (all) => {
    await all.start();
    all.connect();
    await all.ask('initialize');
    await all.child.raw('y'.repeat(900));
    await all.child.raw('z'.repeat(200));
    await all.daemon.settle();
    expect(all.events).to.deep.equal([['output', 'y'.repeat(900)], ['output', 'the program was ended because it printed more than its limit of 1000 bytes (limits.outputBytes)\n'], ['terminated', undefined]]);
    expect(await all.left()).to.deep.equal([{ debugId: 'd', outcome: 'outputLimit', exitCode: null }]);
  }, { limits: { outputBytes: 1000 } }));
});

describe('a program that is its own debugger', () => {
  it('has an exit code that the kernel tells, and the client is answered until it leaves', () => debugging('ruby', undefined, async (all) => {
    await all.start();
    all.connect();
    await all.ask('launch');
    void all.child.raw('last words\n');
    all.child.exit({ kind: 'exited', code: 3 });
    all.connection.end();
    await all.daemon.settle();
    expect(all.events).to.deep.equal([['output', 'last words\n'], ['exited', 3], ['terminated', undefined]]);
    expect(all.ended).to.deep.equal([]);
    expect(await all.ask('threads')).to.deep.include({ success: false, message: 'the program has ended' });
    expect(await all.ask('disconnect')).to.include({ success: true });
    expect(all.ended).to.deep.equal([{ debugId: 'd', outcome: 'exited', exitCode: 3 }]);
  }));

  it('has not exited if it was killed', () => debugging('ruby', undefined, async (all) => {
    await all.start();
    all.connect();
    await all.ask('initialize');
    all.child.exit({ kind: 'signaled', signal: 'SIGKILL' });
    all.connection.end();
    await all.daemon.settle();
    expect(all.events).to.deep.equal([['output', 'the program was ended by SIGKILL\n'], ['terminated', undefined]]);
    expect(await all.left()).to.deep.equal([{ debugId: 'd', outcome: 'signaled', exitCode: null }]);
  }));
});

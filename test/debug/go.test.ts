/** Where Delve is looked for, and what is made good of what it says. */
import { expect } from 'chai';
import type { DebugHost, DebugPlace, LaunchRequest } from '../../server/src/debug/adapter.ts';
import { go } from '../../server/src/debug/adapters/go.ts';
import type { DapMessage } from '../../server/src/debug/dap.ts';
import { MendBench } from './mend-bench.ts';

/** A sandbox in which these programs are Delve. */
function place(found: readonly string[], host: Partial<DebugHost> = {}) {
  const written: string[] = [];
  const made: DebugPlace = {
    host: { folder: undefined, exists: async () => false, file: async () => undefined, own: async () => undefined, pack: async () => Buffer.alloc(0), ...host },
    files: { write: async (path) => void written.push(path) },
    isolation: { score: 7, layers: [] },
    interpreter: '/tmp/s/program',
    options: [],
    terminal: false,
    program: '/workspace/main.go',
    args: [],
    version: async () => '1.19.8',
    scratch: '/tmp/s',
    env: {},
    run: async ([program = ''], env) => {
      expect(env).to.deep.equal({ XDG_CONFIG_HOME: '/tmp/s/config' });
      if (!found.includes(program)) throw new Error('there is no such program');
      return { code: 0, stdout: 'Delve Debugger\nVersion: 1.20.2\nBuild: $Id: x $\n' };
    },
  };
  return { made, written };
}

const launch: LaunchRequest = { program: '/workspace/main.go', args: ['x'], cwd: '/workspace', env: {}, stopOnEntry: false, justMyCode: true, terminal: false, interpreter: '/tmp/s/program', options: [] };

describe('Delve', () => {
  it('is that of the sandbox where there is one', async () => {
    const { made, written } = place(['dlv']);
    const found = await go.find(made);
    if (found.missing !== undefined || typeof found.command !== 'function') return expect.fail('it was not found');
    expect(found).to.include({ name: 'Delve', version: '1.20.2' });
    expect(found.command(4000, launch)).to.deep.equal(['dlv', 'dap', '--client-addr', '127.0.0.1:4000', '--log-dest', '/dev/null']);
    expect(written).to.deep.equal([]);
  });

  it('is copied from the file of the configuration where the sandbox has none', async () => {
    const { made, written } = place(['/tmp/s/dlv'], { folder: '/home/me/dlv', exists: async (path) => path === '/home/me/dlv', file: async () => Buffer.from('ELF') });
    const found = await go.find(made);
    if (found.missing !== undefined || typeof found.command !== 'function') return expect.fail('it was not found');
    expect(found.command(4000, launch)[0]).to.equal('/tmp/s/dlv');
    expect(written).to.deep.equal(['/tmp/s/dlv']);
  });

  it('is missing where nobody has it, and where that of this machine does not run in the sandbox', async () => {
    expect(await go.find(place([]).made)).to.deep.equal({ missing: 'this sandbox has no Delve (dlv)' });
    expect(await go.offered(place([]).made.host)).to.equal(false);
    const { made } = place([], { folder: '/home/me/dlv', exists: async () => true, file: async () => Buffer.from('for a Mac') });
    expect(await go.find(made)).to.have.property('missing').that.contains('that of this machine does not run in it');
  });

  it('is not used in gVisor, where programs that it debugs crash', async () => {
    const { made } = place(['dlv']);
    const inGvisor: DebugPlace = { ...made, isolation: { score: 8, layers: [{ name: 'kernel', state: 'enforced', detail: 'system calls are answered by gVisor' }] } };
    expect(await go.find(inGvisor)).to.have.property('hint').that.contains('another runtime');
    const kernel: DebugPlace = { ...made, isolation: { score: 8, layers: [{ name: 'kernel', state: 'enforced', detail: 'its own, 6.1.0' }] } };
    expect(await go.find(kernel)).to.include({ name: 'Delve' });
  });

  it('debugs what the compiler has made, which does not get the variable for Delve', () => {
    expect(go.launch(launch)).to.deep.include({ mode: 'exec', program: '/tmp/s/program', args: ['x'], stopOnEntry: false, env: { XDG_CONFIG_HOME: null } });
    expect(go.launch({ ...launch, env: { XDG_CONFIG_HOME: '/tmp/own' } })).to.deep.include({ env: { XDG_CONFIG_HOME: '/tmp/own' } });
  });
});

describe('what Delve lacks', () => {
  const bench = (stopOnEntry = false) => new MendBench(go.mends?.({ ...launch, stopOnEntry }) ?? expect.fail('Go has no mend'));
  const exited: Partial<DapMessage> = { success: false, message: 'Unable to evaluate expression', body: { error: { id: 1, format: 'Unable to evaluate expression: Process 7 has exited with status 3' } } };

  it('is the exit code, which it is asked for when the program is over', async () => {
    const all = bench();
    await all.says('terminated');
    expect(all.told).to.deep.equal([]);
    expect(all.asked.map(({ command }) => command)).to.deep.equal(['evaluate']);
    await all.answers('evaluate', exited);
    await all.says('terminated');
    expect(all.events).to.deep.equal([['exited', { exitCode: 3 }], ['terminated', undefined]]);
  });

  it('is told from an answer that is none: it ends without a code, and nothing else happens', async () => {
    for (const answer of [{ success: false, message: 'no', body: { error: { format: { toString: 1 } } } }, { body: { result: { toString: 1 } } }]) {
      const all = bench(true);
      await all.says('output', { category: 'console', output: { toString: 1 } });
      await all.says('terminated');
      await all.answers('evaluate', answer);
      expect(all.events.slice(1)).to.deep.equal([['terminated', undefined]]);
    }
  });

  it('is an end without a code where it does not know one', async () => {
    const all = bench();
    await all.says('terminated');
    await all.answers('evaluate', { success: true, body: { result: '0' } });
    expect(all.events).to.deep.equal([['terminated', undefined]]);
  });

  it('is silence: what it says to people at a terminal is not told, what the program says is', async () => {
    const all = bench();
    for (const output of ["Type 'dlv help' for list of commands.\n", 'Detaching\n', 'Detaching and terminating target process\n', 'Process 7 has exited with status 3\n']) await all.says('output', { category: 'console', output, source: {} });
    await all.says('output', { category: 'stdout', output: 'Detaching from the mother ship: 3\nDetaching\n' });
    await all.says('output', { category: 'console', output: '> a log point\n', source: { path: '/workspace/main.go' } });
    expect(all.events.map(([, body]) => body)).to.deep.equal([
      { category: 'stdout', output: 'Detaching from the mother ship: 3\nDetaching\n' },
      { category: 'console', output: '> a log point\n', source: { path: '/workspace/main.go' } },
    ]);
  });

  it('is an entry with a source: it stops in main, and nobody sees the breakpoint there', async () => {
    const all = bench(true);
    all.client('setFunctionBreakpoints', { breakpoints: [{ name: 'main.work' }] });
    expect(all.asked.at(-1)?.arguments).to.deep.equal({ breakpoints: [{ name: 'main.work' }, { name: 'main.main' }] });
    await all.answers('setFunctionBreakpoints', { success: true, body: { breakpoints: [{ id: 1, verified: true }, { id: 2, verified: true }] } });
    expect(all.told.at(-1)).to.deep.include({ body: { breakpoints: [{ id: 1, verified: true }] } });
    all.client('configurationDone');
    expect(all.asked.slice(-2).map(({ command }) => command)).to.deep.equal(['setFunctionBreakpoints', 'configurationDone']);
    await all.says('stopped', { reason: 'function breakpoint', threadId: 1 });
    expect(all.events.at(-1)).to.deep.equal(['stopped', { reason: 'entry', threadId: 1 }]);
    expect(all.asked.at(-1)?.arguments).to.deep.equal({ breakpoints: [{ name: 'main.work' }] });
    await all.says('stopped', { reason: 'function breakpoint', threadId: 1 });
    expect(all.events.at(-1)?.[1]).to.include({ reason: 'function breakpoint' });
  });

  it('is a way to terminate', async () => {
    const all = bench();
    all.client('terminate');
    expect(all.told.at(-1)).to.include({ success: true, command: 'terminate' });
    await all.answers('disconnect', { success: true });
    await all.says('terminated');
    expect(all.events).to.deep.equal([['exited', { exitCode: -9 }], ['terminated', undefined]]);
  });

  it('is the reason in its messages', async () => {
    const all = bench();
    all.client('stackTrace', { threadId: 1 });
    await all.answers('stackTrace', exited);
    expect(all.told.at(-1)).to.include({ message: 'Unable to evaluate expression: Process 7 has exited with status 3' });
  });
});

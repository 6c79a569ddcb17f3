/** Running commands: what their programs get, and what their results contain (F-D5, F-D8, F-B10). */
import { expect } from 'chai';
import { deferred } from '../../server/src/base/promises.ts';
import { type ExecuteShellParams, Execution, type Limits, ProtocolError } from '../../server/src/protocol/index.ts';
import { parse } from 'zod/mini';
import { faultOf } from '../session/bench.ts';
import { CommandBench } from './bench.ts';

const MiB = 1024 * 1024;

describe('a program', () => {
  const results: Record<string, [script: string, result: object]> = {
    'ends well': ['echo one\nwarn two', { outcome: 'exited', exitCode: 0, signal: null, stdout: 'one\n', stderr: 'two\n', stdoutBytes: 4, stderrBytes: 4, truncated: false }],
    'fails': ['exit 7', { outcome: 'exited', exitCode: 7, signal: null, stdout: '', stderr: '' }],
    'crashes': ['crash SIGSEGV', { outcome: 'signaled', exitCode: null, signal: 'SIGSEGV' }],
    'runs out of memory': ['oom', { outcome: 'memoryLimit', exitCode: null, signal: 'SIGKILL' }],
    'prints text that looks like a result': ['echo {"outcome":"exited","exitCode":0}\nexit 1', { outcome: 'exited', exitCode: 1, stdout: '{"outcome":"exited","exitCode":0}\n' }],
  };
  for (const [name, [script, expected]] of Object.entries(results)) {
    it(`that ${name} gives a result that matches the schema`, async () => {
      const bench = await CommandBench.create();
      const result = await bench.shell(script);
      expect(parse(Execution, result)).to.deep.equal(result);
      expect(result).to.deep.include({ commandId: 'command-1', durationMs: 0, ...expected });
    });
  }

  it('gets its working directory, its environment on top of that of the session, and its command unchanged', async () => {
    const bench = await CommandBench.create({ env: { A: 'session', B: 'session' } });
    await bench.sandbox.files.createDirectory('/workspace/sub', true);
    await bench.shell(['a', '$HOME', ''], { cwd: 'sub/', env: { B: 'command' } });
    expect(bench.process.program).to.deep.equal({ command: ['a', '$HOME', ''], cwd: '/workspace/sub', env: { A: 'session', B: 'command' }, stdin: 'none', pty: undefined, stderrToStdout: false });
  });

  it('cannot run in a folder outside the sandbox’s folders, or in one that does not exist', async () => {
    const bench = await CommandBench.create();
    expect((await faultOf(bench.shell('pwd', { cwd: '/etc' }))).kind).to.equal('InvalidPath');
    expect((await faultOf(bench.shell('pwd', { cwd: 'none' }))).kind).to.equal('FileNotFound');
  });

  it('has its usage in the result and added to that of the session', async () => {
    const bench = await CommandBench.create();
    const running = bench.shell('forever');
    await bench.settle();
    bench.process.stop({ kind: 'exited', code: 0, usage: { cpuMs: 5, peakMemoryBytes: 6 } });
    expect((await running).usage).to.deep.equal({ cpuMs: 5, peakMemoryBytes: 6 });
    expect(bench.session.view().usage).to.deep.equal({ cpuMs: 5, peakMemoryBytes: 6 });
  });
});

describe('output', () => {
  it('that is much rests as soon as another command has its turn, once for each 256 KiB', async () => {
    const bench = await CommandBench.create();
    let asked = 0;
    const running = bench.shell('sleep 30\nflood 262144\nsleep 10\necho one\necho two\necho three', { commandId: 'mine' });
    await bench.clock.advance(30);
    const turn = deferred();
    bench.aside = () => (asked++, turn.promise);
    await bench.clock.advance(10);
    const lines = () => bench.sent.slice(4).map(({ data }) => data);
    expect([lines(), asked]).to.deep.equal([['one\n'], 1]);
    turn.resolve();
    await running;
    expect([lines(), asked]).to.deep.equal([['one\n', 'two\n', 'three\n'], 1]);
  });

  it('is streamed, and not in the result, if the client has chosen the command’s id', async () => {
    const bench = await CommandBench.create();
    const result = await bench.shell('echo one\nwarn two', { commandId: 'mine' });
    expect(bench.sent).to.deep.equal([
      { commandId: 'mine', stream: 'stdout', data: 'one\n', encoding: 'utf-8', bytes: 4 },
      { commandId: 'mine', stream: 'stderr', data: 'two\n', encoding: 'utf-8', bytes: 4 },
    ]);
    expect(result).not.to.have.any.keys('stdout', 'stderr');
    expect(result).to.include({ commandId: 'mine', stdoutBytes: 4, stderrBytes: 4 });
    expect(bench.closed).to.deep.equal(['mine']);
  });

  it('is base64 if the client asks for that', async () => {
    const bench = await CommandBench.create();
    const all = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)).toString('base64');
    expect((await bench.shell('bytes', { outputEncoding: 'base64' })).stdout).to.equal(all);
    await bench.shell('bytes', { outputEncoding: 'base64', commandId: 'c' });
    expect(bench.sent.map(({ data, encoding }) => [data, encoding])).to.deep.equal([[all, 'base64']]);
  });

  it('of a terminal is one stream', async () => {
    const bench = await CommandBench.create();
    expect(await bench.shell('echo a\nwarn b', { pty: { cols: 80, rows: 24 } })).to.include({ stdout: 'a\nb\n', stderr: '', stdoutBytes: 4, stderrBytes: 0 });
    await bench.shell('echo a', { pty: { cols: 80, rows: 24 }, commandId: 'c' });
    expect(bench.sent.map(({ stream }) => stream)).to.deep.equal(['pty']);
  });

  it('beyond 1 MiB is counted and dropped from the result', async () => {
    const bench = await CommandBench.create();
    const result = await bench.shell(`flood ${3 * MiB}`);
    expect([result.stdout?.length, result.stdoutBytes, result.truncated, result.outcome]).to.deep.equal([MiB, 3 * MiB, true, 'exited']);
  });

  const limits: [script: string, outcome: string, bytes: [number, number], text: string][] = [
    ['print "1234567890"', 'exited', [10, 0], '1234567890'],
    ['print "12345678901"', 'outputLimit', [10, 0], '1234567890'],
    ['print "12345", "67890"', 'exited', [5, 5], '1234567890'],
    ['print "12345", "678901"', 'outputLimit', [5, 5], '1234567890'],
    ['print "123456789é"', 'outputLimit', [10, 0], '123456789'],
    ['print "1234567890"\nprint "1"\nforever', 'outputLimit', [10, 0], '1234567890'],
  ];
  for (const [script, outcome, bytes, text] of limits) {
    it(`of ${script} under a limit of 10 bytes (F-D2): ${outcome}`, async () => {
      for (const commandId of [undefined, 'c']) {
        const bench = await CommandBench.create({ limits: { outputBytes: 10 } });
        const result = await bench.shell(script, { commandId });
        const shown = commandId === undefined ? `${result.stdout}${result.stderr}` : bench.sent.map(({ data }) => data).join('');
        expect([result.outcome, result.stdoutBytes, result.stderrBytes, result.truncated]).to.deep.equal([outcome, ...bytes, outcome === 'outputLimit']);
        if (commandId !== undefined || !text.endsWith('9')) expect(shown).to.equal(text);
      }
    });
  }

  it('waits for the client, and the program waits for the output', async () => {
    const bench = await CommandBench.create();
    const gate = deferred();
    bench.taking = gate.promise;
    const running = bench.shell('echo one\necho two', { commandId: 'c' });
    await bench.settle();
    expect(bench.sent).to.have.lengthOf(1);
    bench.taking = Promise.resolve();
    gate.resolve();
    await running;
    expect(bench.sent).to.have.lengthOf(2);
  });

  it('is neither sent nor counted after the program was stopped', async () => {
    const bench = await CommandBench.create();
    const running = bench.shell('immortal\necho one\nforever', { commandId: 'c' });
    await bench.settle();
    bench.controller.abort();
    await bench.process.print('stdout', 'two');
    await bench.process.print('stderr', 'three');
    bench.process.stop({ kind: 'exited', code: 0 });
    expect(await running).to.include({ stdoutBytes: 4, stderrBytes: 0 });
    expect([bench.sent.length, bench.late.length]).to.deep.equal([1, 0]);
  });

  it('is never sent after the result', async () => {
    const bench = await CommandBench.create();
    await bench.shell('echo one', { commandId: 'c' });
    await bench.process.print('stdout', 'from somebody it left behind');
    await bench.settle();
    expect(bench.sent).to.have.lengthOf(1);
  });
});

describe('input', () => {
  const kinds: [params: Partial<ExecuteShellParams>, stdin: unknown][] = [
    [{}, 'none'],
    [{ stdin: '' }, 'none'],
    [{ stdin: 'é' }, Buffer.from('é')],
    [{ interactive: false }, 'none'],
    [{ interactive: true }, 'open'],
    [{ pty: { cols: 1, rows: 1 } }, 'open'],
    [{ pty: { cols: 1, rows: 1 }, interactive: false }, 'open'],
  ];
  for (const [params, stdin] of kinds) {
    it(`for the params ${JSON.stringify(params)} is ${Buffer.isBuffer(stdin) ? 'the given text' : String(stdin)}`, async () => {
      const bench = await CommandBench.create();
      const running = bench.shell('echo one', params);
      await running;
      expect(bench.process.program.stdin).to.deep.equal(stdin);
    });
  }

  for (const params of [{ stdin: 'a', interactive: true }, { stdin: '', interactive: true }, { stdin: 'a', pty: { cols: 1, rows: 1 } }]) {
    it(`is refused if it would come in two ways: ${JSON.stringify(params)}`, async () => {
      const bench = await CommandBench.create();
      const { kind, data } = await faultOf(bench.shell('cat', params));
      expect([kind, (data.issues as { path: string }[])[0]?.path]).to.deep.equal(['InvalidParams', 'stdin']);
      expect(bench.sandbox.processes).to.deep.equal([]);
    });
  }

  const start = async (params: Partial<ExecuteShellParams> = {}) => {
    const bench = await CommandBench.create();
    const running = bench.shell('cat', { interactive: true, commandId: 'c', ...params });
    return { bench, running, execution: bench.commands.get('c') };
  };

  it('arrives in order, also if it was sent before the program ran, and ends', async () => {
    const { bench, running, execution } = await start();
    execution.input(Buffer.from('a'), false);
    execution.input(Buffer.from('b'), false);
    await bench.settle();
    execution.input(Buffer.from(''), false);
    execution.input(Buffer.from('c'), true);
    expect(await running).to.include({ outcome: 'exited', stdoutBytes: 3 });
    expect(bench.sent.map(({ data }) => data).join('')).to.equal('abc');
  });

  it('is refused while 64 MiB wait for the program, and accepted again later', async () => {
    const { bench, running, execution } = await start();
    await bench.settle();
    const gate = deferred();
    bench.process.write = async () => gate.promise;
    const piece = Buffer.alloc(32 * MiB);
    expect([1, 2, 3].map(() => execution.input(piece, false))).to.deep.equal([true, true, false]);
    expect(execution.input(Buffer.alloc(0), false)).to.equal(true);
    gate.resolve();
    await bench.settle();
    expect(execution.input(piece, false)).to.equal(true);
    bench.controller.abort();
    await running;
  });

  it('causes no error if the program does not read it', async () => {
    const { bench, running, execution } = await start();
    await bench.settle();
    bench.process.write = () => Promise.reject(new Error('EPIPE'));
    execution.input(Buffer.from('a'), false);
    execution.input(Buffer.from('b'), true);
    await bench.settle();
    expect(await running).to.include({ outcome: 'exited', stdoutBytes: 0 });
  });

  it('is dropped if the program never started or has ended', async () => {
    const { bench, running, execution } = await start();
    bench.controller.abort();
    await running;
    expect(execution.input(Buffer.from('a'), true)).to.equal(true);
    await bench.settle();
  });
});

describe('a running command', () => {
  it('is found by its id until its result is returned', async () => {
    const bench = await CommandBench.create();
    const running = bench.shell('forever', { commandId: 'c' });
    expect(bench.commands.get('c').commandId).to.equal('c');
    await bench.settle();
    bench.process.stop({ kind: 'exited', code: 0 });
    await running;
    expect(() => bench.commands.get('c')).to.throw(ProtocolError).with.property('code', 1004);
    expect(bench.commands.find('c')).to.equal(undefined);
  });

  it('gets signals and sizes that were sent before its program ran', async () => {
    const gate = deferred();
    const bench = await CommandBench.create({ starting: () => gate.promise });
    const running = bench.shell('immortal\nforever', { commandId: 'c', pty: { cols: 80, rows: 24 } });
    const execution = bench.commands.get('c');
    const told = Promise.all([execution.signal('SIGUSR1'), execution.resize({ cols: 100, rows: 50 })]);
    gate.resolve();
    await told;
    expect([bench.process.signals, bench.process.sizes]).to.deep.equal([['SIGUSR1'], [{ cols: 100, rows: 50 }]]);
    bench.process.stop({ kind: 'exited', code: 0 });
    await running;
  });

  it('gets no signal if it never runs a program, and says so (C9)', async () => {
    const gate = deferred();
    const bench = await CommandBench.create({ starting: () => gate.promise });
    const failing = bench.shell('forever', { commandId: 'c' });
    const told = bench.commands.get('c').signal('SIGTERM');
    gate.reject(new ProtocolError('SandboxFailed', 'no'));
    expect((await faultOf(failing)).kind).to.equal('SandboxFailed');
    expect(await told).to.equal(false);
  });

  it('gets no signal if its program has ended and its output is still on its way, and says so (C9)', async () => {
    const bench = await CommandBench.create();
    const running = bench.shell('echo one\nforever', { commandId: 'c' });
    const execution = bench.commands.get('c');
    await bench.settle();
    expect(await execution.signal('SIGTERM')).to.equal(true);
    await bench.process.exited;
    expect(await execution.signal('SIGTERM')).to.equal(false);
    await running;
  });

  it('keeps its id from being used again until it has ended', async () => {
    const bench = await CommandBench.create();
    const first = bench.shell('forever', { commandId: 'c' });
    const { kind, data } = await faultOf(bench.shell('echo', { commandId: 'c' }));
    expect([kind, data.issues]).to.deep.equal(['InvalidParams', [{ path: 'commandId', message: 'this id belongs to a command that is still running; choose another' }]]);
    await bench.shell('echo', { commandId: 'd' });
    bench.process.stop({ kind: 'exited', code: 0 });
    bench.sandbox.processes[0]?.stop({ kind: 'exited', code: 0 });
    await first;
    await bench.shell('echo', { commandId: 'c' });
  });

  it('gets an id that no other command has, also if the client has chosen a similar one', async () => {
    const bench = await CommandBench.create();
    const mine = bench.shell('forever', { commandId: 'command-1' });
    expect((await bench.shell('echo')).commandId).to.equal('command-2');
    expect(bench.commands.get('command-1').commandId).to.equal('command-1');
    bench.controller.abort();
    await mine;
  });

  it('is cancelled also if its request was cancelled before it began', async () => {
    const bench = await CommandBench.create();
    expect(await bench.shell('forever', {}, AbortSignal.abort())).to.include({ outcome: 'cancelled', exitCode: null });
    expect(bench.sandbox.processes).to.deep.equal([]);
  });

  it('runs at the same time as other executions of its session', async () => {
    const bench = await CommandBench.create();
    const all = [1, 2, 3].map((at) => bench.shell('forever', { commandId: `c${at}` }));
    await bench.settle();
    expect(bench.sandbox.processes).to.have.lengthOf(3);
    for (const process of [...bench.sandbox.processes].reverse()) process.stop({ kind: 'exited', code: 0 });
    expect((await Promise.all(all)).map(({ commandId }) => commandId)).to.deep.equal(['c1', 'c2', 'c3']);
  });
});

describe('the limits of a session', () => {
  it('apply to its commands', async () => {
    const limits: Partial<Limits> = { timeoutMs: 5, outputBytes: 3 };
    const bench = await CommandBench.create({ limits });
    expect((await bench.shell('print "1234"')).outcome).to.equal('outputLimit');
    const running = bench.shell('forever', { timeoutMs: 1000 });
    await bench.clock.advance(5);
    expect((await running).outcome).to.equal('timedOut');
  });
});

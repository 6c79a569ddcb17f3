/** Executions: what programs get, and what of them comes back (failures D5, D8, B10). */
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
    'has no memory left': ['oom', { outcome: 'memoryLimit', exitCode: null, signal: 'SIGKILL' }],
    'prints what looks like an end': ['echo {"outcome":"exited","exitCode":0}\nexit 1', { outcome: 'exited', exitCode: 1, stdout: '{"outcome":"exited","exitCode":0}\n' }],
  };
  for (const [name, [script, expected]] of Object.entries(results)) {
    it(`${name}: that is a result, as the schema has it`, async () => {
      const bench = await CommandBench.create();
      const result = await bench.shell(script);
      expect(parse(Execution, result)).to.deep.equal(result);
      expect(result).to.deep.include({ commandId: 'command-1', durationMs: 0, ...expected });
    });
  }

  it('gets its folder, its environment over that of the session, and its command as it is', async () => {
    const bench = await CommandBench.create({ env: { A: 'session', B: 'session' } });
    await bench.sandbox.files.createDirectory('/workspace/sub', true);
    await bench.shell(['a', '$HOME', ''], { cwd: 'sub/', env: { B: 'command' } });
    expect(bench.process.program).to.deep.equal({ command: ['a', '$HOME', ''], cwd: '/workspace/sub', env: { A: 'session', B: 'command' }, stdin: 'none', pty: undefined });
  });

  it('can not run in a folder outside, or that is not there', async () => {
    const bench = await CommandBench.create();
    expect((await faultOf(bench.shell('pwd', { cwd: '/etc' }))).kind).to.equal('InvalidPath');
    expect((await faultOf(bench.shell('pwd', { cwd: 'none' }))).kind).to.equal('FileNotFound');
  });

  it('has its use told and added to that of the session', async () => {
    const bench = await CommandBench.create();
    const running = bench.shell('forever');
    await bench.settle();
    bench.process.stop({ kind: 'exited', code: 0, usage: { cpuMs: 5, peakMemoryBytes: 6 } });
    expect((await running).usage).to.deep.equal({ cpuMs: 5, peakMemoryBytes: 6 });
    expect(bench.session.view().usage).to.deep.equal({ cpuMs: 5, peakMemoryBytes: 6 });
  });
});

describe('output', () => {
  it('is streamed to a client that named the command, and not in the result', async () => {
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

  it('is base64 where that is asked for', async () => {
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
    it(`of ${script} under a limit of 10 bytes: ${outcome}`, async () => {
      for (const commandId of [undefined, 'c']) {
        const bench = await CommandBench.create({ limits: { outputBytes: 10 } });
        const result = await bench.shell(script, { commandId });
        const shown = commandId === undefined ? `${result.stdout}${result.stderr}` : bench.sent.map(({ data }) => data).join('');
        expect([result.outcome, result.stdoutBytes, result.stderrBytes, result.truncated]).to.deep.equal([outcome, ...bytes, outcome === 'outputLimit']);
        if (commandId !== undefined || !text.endsWith('9')) expect(shown).to.equal(text);
      }
    });
  }

  it('waits for the client, and the program for it', async () => {
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

  it('of a program that was stopped is neither sent nor counted', async () => {
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

  it('never follows the result', async () => {
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
    it(`of ${JSON.stringify(params)} is ${Buffer.isBuffer(stdin) ? 'what came along' : String(stdin)}`, async () => {
      const bench = await CommandBench.create();
      const running = bench.shell('echo one', params);
      await running;
      expect(bench.process.program.stdin).to.deep.equal(stdin);
    });
  }

  for (const params of [{ stdin: 'a', interactive: true }, { stdin: '', interactive: true }, { stdin: 'a', pty: { cols: 1, rows: 1 } }]) {
    it(`is refused where it would come two ways: ${JSON.stringify(params)}`, async () => {
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

  it('comes in order, also what came before the program ran, and ends', async () => {
    const { bench, running, execution } = await start();
    execution.input(Buffer.from('a'), false);
    execution.input(Buffer.from('b'), false);
    await bench.settle();
    execution.input(Buffer.from(''), false);
    execution.input(Buffer.from('c'), true);
    expect(await running).to.include({ outcome: 'exited', stdoutBytes: 3 });
    expect(bench.sent.map(({ data }) => data).join('')).to.equal('abc');
  });

  it('is refused beyond 64 MiB that the program has not taken, and welcome again later', async () => {
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

  it('that a program does not take is its own affair', async () => {
    const { bench, running, execution } = await start();
    await bench.settle();
    bench.process.write = () => Promise.reject(new Error('EPIPE'));
    execution.input(Buffer.from('a'), false);
    execution.input(Buffer.from('b'), true);
    await bench.settle();
    expect(await running).to.include({ outcome: 'exited', stdoutBytes: 0 });
  });

  it('for a program that never started, or has ended, goes nowhere', async () => {
    const { bench, running, execution } = await start();
    bench.controller.abort();
    await running;
    expect(execution.input(Buffer.from('a'), true)).to.equal(true);
    await bench.settle();
  });
});

describe('a running command', () => {
  it('is found by its id, until its result is there', async () => {
    const bench = await CommandBench.create();
    const running = bench.shell('forever', { commandId: 'c' });
    expect(bench.commands.get('c').commandId).to.equal('c');
    await bench.settle();
    bench.process.stop({ kind: 'exited', code: 0 });
    await running;
    expect(() => bench.commands.get('c')).to.throw(ProtocolError).with.property('code', 1004);
    expect(bench.commands.find('c')).to.equal(undefined);
  });

  it('gets signals and sizes when it runs', async () => {
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

  it('takes no second one of its id, but others, and the same id later', async () => {
    const bench = await CommandBench.create();
    const first = bench.shell('forever', { commandId: 'c' });
    const { kind, data } = await faultOf(bench.shell('echo', { commandId: 'c' }));
    expect([kind, data.issues]).to.deep.equal(['InvalidParams', [{ path: 'commandId', message: 'is in use by a command that still runs' }]]);
    await bench.shell('echo', { commandId: 'd' });
    bench.process.stop({ kind: 'exited', code: 0 });
    bench.sandbox.processes[0]?.stop({ kind: 'exited', code: 0 });
    await first;
    await bench.shell('echo', { commandId: 'c' });
  });

  it('has an id of its own, also where a client has named one like ours', async () => {
    const bench = await CommandBench.create();
    const mine = bench.shell('forever', { commandId: 'command-1' });
    expect((await bench.shell('echo')).commandId).to.equal('command-2');
    expect(bench.commands.get('command-1').commandId).to.equal('command-1');
    bench.controller.abort();
    await mine;
  });

  it('is cancelled although nobody had heard of it yet', async () => {
    const bench = await CommandBench.create();
    expect(await bench.shell('forever', {}, AbortSignal.abort())).to.include({ outcome: 'cancelled', exitCode: null });
    expect(bench.sandbox.processes).to.deep.equal([]);
  });

  it('runs beside others of its session', async () => {
    const bench = await CommandBench.create();
    const all = [1, 2, 3].map((at) => bench.shell('forever', { commandId: `c${at}` }));
    await bench.settle();
    expect(bench.sandbox.processes).to.have.lengthOf(3);
    for (const process of [...bench.sandbox.processes].reverse()) process.stop({ kind: 'exited', code: 0 });
    expect((await Promise.all(all)).map(({ commandId }) => commandId)).to.deep.equal(['c1', 'c2', 'c3']);
  });
});

describe('the limits of a session', () => {
  it('are those of its commands', async () => {
    const limits: Partial<Limits> = { timeoutMs: 5, outputBytes: 3 };
    const bench = await CommandBench.create({ limits });
    expect((await bench.shell('print "1234"')).outcome).to.equal('outputLimit');
    const running = bench.shell('forever', { timeoutMs: 1000 });
    await bench.clock.advance(5);
    expect((await running).outcome).to.equal('timedOut');
  });
});

/** `codebeaker run` in situations that are hard to produce with a real runtime (L3, L7, L18). */
import { expect } from 'chai';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deferred } from '../../server/src/base/promises.ts';
import { ProtocolError } from '../../server/src/protocol/index.ts';
import { temporaryFolder } from '../policy/folder.ts';
import { RunBench, type RunOptions } from './bench.ts';

describe('a run', () => {
  const folder = temporaryFolder();
  const source = (script: string) => {
    const path = join(folder(), 'main.py');
    writeFileSync(path, script);
    return path;
  };

  /** Lets messages be exchanged until a condition is true. */
  const until = async (bench: RunBench, check: () => boolean) => {
    for (let turn = 0; turn < 50_000 && !check(); turn += 1) await bench.clock.advance(0);
    expect(check(), 'it never came to that').to.equal(true);
  };

  const expectNothingLeft = ({ clock, runtime, listening, closes }: RunBench) =>
    expect([clock.pending, runtime.open.length, listening, closes]).to.deep.equal([0, 0, 0, 1]);

  const isRunning = ({ runtime }: RunBench) => (runtime.made[0]?.processes.length ?? 0) > 0;

  it('ends with the exit code of its program, and leaves nothing behind', async () => {
    const bench = new RunBench();
    expect(await bench.run(source('echo hi\nwarn no\nexit 9'))).to.equal(9);
    expect(bench.shown).to.deep.equal({ stdout: 'hi\n', stderr: 'no\n' });
    expectNothingLeft(bench);
  });

  const ends: Record<string, [script: string, code: number, stderr: string, event?: (bench: RunBench, until: (check: () => boolean) => Promise<void>) => unknown]> = {
    'its sandbox is lost': ['forever', 125, 'codebeaker: the sandbox was lost while it ran\n', (bench) => bench.runtime.made[0]?.destroy()],
    'its session reaches its maximum lifetime': ['forever', 124, 'codebeaker: stopped: its session reached its maximum lifetime (sessions.maxLifetimeMs)\n', (bench) => bench.clock.advance(5000)],
    'it prints too much (L7)': ['flood 100000', 153, 'codebeaker: stopped: it printed more than 1000 bytes (--output-limit)\n'],
    'it runs out of memory': ['oom', 137, 'codebeaker: stopped: it used more memory than 512m (--memory)\n'],
    'it crashes': ['crash SIGSEGV', 139, 'codebeaker: the program was ended by SIGSEGV\n'],
    'its pipe is broken': ['crash SIGPIPE', 141, ''],
    'the user presses Ctrl-C (L3)': ['forever', 130, '', (bench) => bench.interrupt()],
    'it receives SIGTERM (L18)': ['forever', 143, '', (bench) => bench.interrupt('SIGTERM')],
    'it receives SIGHUP (L18)': ['forever', 129, '', (bench) => bench.interrupt('SIGHUP')],
    'the user presses Ctrl-C twice, and it ignores that (L3)': ['stubborn\nforever', 130, '', (bench) => (bench.interrupt(), bench.interrupt())],
    'it ignores Ctrl-C for ten seconds (L3)': ['stubborn\nforever', 130, '', async (bench, until) => {
      bench.interrupt();
      await until(() => bench.runtime.made[0]?.processes[0]?.signals.includes('SIGINT') === true);
      await bench.clock.advance(10_000);
    }],
  };
  for (const [name, [script, code, stderr, event]] of Object.entries(ends)) {
    it(`ends with the exit code ${code} if ${name}`, async () => {
      const bench = new RunBench({ config: { limits: { outputBytes: 1000 }, sessions: { maxLifetimeMs: name.includes('lifetime') ? 5000 : 50_000 } } });
      const running = bench.run(source(script));
      if (event) {
        await until(bench, () => isRunning(bench));
        await event(bench, (check) => until(bench, check));
      }
      expect(await running).to.equal(code);
      expect(bench.shown.stderr).to.equal(stderr);
      expectNothingLeft(bench);
    });
  }

  const quotas: Record<string, [quota: object, script: string, code: number, stderr: string]> = {
    'its output uses one up': [{ outputBytes: 5 }, 'echo 123456789', 153, 'codebeaker: stopped: it used up the quota perSession.outputBytes of the configuration; codebeaker usage shows it\n'],
    'there is nothing left for it': [{ commands: 0 }, 'echo 1', 125, 'codebeaker: the quota perSession.commands is used up (0 of 0): create a new session, or raise quotas.perSession.commands in the configuration file\n'],
  };
  for (const [name, [perSession, script, code, stderr]] of Object.entries(quotas)) {
    it(`names the quota if ${name}`, async () => {
      const bench = new RunBench({ config: { quotas: { perSession } } });
      expect(await bench.run(source(script))).to.equal(code);
      expect(bench.shown.stderr).to.equal(stderr);
      expectNothingLeft(bench);
    });
  }

  it('can be interrupted while its sandbox is being created', async () => {
    const begun = deferred();
    const creating: RunOptions['creating'] = (_, { signal }) =>
      new Promise<void>((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason));
        begun.resolve();
      });
    const bench = new RunBench({ creating });
    const running = bench.run(source('echo hi'));
    await begun.promise;
    bench.interrupt();
    expect([await running, bench.shown]).to.deep.equal([130, { stdout: '', stderr: '' }]);
    expectNothingLeft(bench);
  });

  it('says in one line why it cannot start', async () => {
    const bench = new RunBench({ creating: () => Promise.reject(new ProtocolError('SandboxFailed', 'no disk is left')) });
    expect([await bench.run(source('')), bench.shown]).to.deep.equal([125, { stdout: '', stderr: 'codebeaker: no disk is left\n' }]);
    expectNothingLeft(bench);
  });

  it('creates no sandbox for a file that it cannot run', async () => {
    const bench = new RunBench();
    expect(await bench.run(join(folder(), 'none.py'))).to.equal(125);
    expect(bench.runtime.made).to.deep.equal([]);
    expectNothingLeft(bench);
  });

  it('passes the arguments on to the daemon', async () => {
    const bench = new RunBench();
    const path = join(folder(), 'noname');
    writeFileSync(path, 'args');
    expect(await bench.run(path, { language: 'python', runtime: 'fake', limits: { timeoutMs: 0, memoryBytes: 77_000_000 }, args: ['a', 'b'] })).to.equal(0);
    expect(bench.shown.stdout).to.equal('a\0b\0');
    expect(bench.runtime.made[0]?.spec.limits).to.include({ timeoutMs: 0, memoryBytes: 77_000_000 });
  });

  it('passes its input on as it arrives', async () => {
    const bench = new RunBench();
    const running = bench.run(source('cat'));
    await until(bench, () => isRunning(bench));
    bench.terminal.stdin.write('one ');
    await until(bench, () => bench.shown.stdout === 'one ');
    bench.terminal.stdin.end('two');
    expect([await running, bench.shown.stdout]).to.deep.equal([0, 'one two']);
  });

  it('has one stream for both outputs where they are one file, and two elsewhere and with --json (L20)', async () => {
    const seen: unknown[] = [];
    for (const [oneOutput, json] of [[true, false], [false, false], [true, true]] as const) {
      const bench = new RunBench({ oneOutput });
      await bench.run(source('warn a\necho b'), { json });
      seen.push(bench.runtime.made[0]?.processes[0]?.program.stderrToStdout, json ? JSON.parse(bench.shown.stdout).stderr : bench.shown.stdout);
    }
    expect(seen).to.deep.equal([true, 'a\nb\n', false, 'b\n', false, 'a\n']);
  });

  it('ends the input if it cannot be read', async () => {
    const bench = new RunBench();
    const running = bench.run(source('cat\necho end'));
    await until(bench, () => isRunning(bench));
    bench.terminal.stdin.destroy(new Error('EIO'));
    expect([await running, bench.shown.stdout]).to.deep.equal([0, 'end\n']);
  });

  it('shows on a terminal what takes long, and then removes it', async () => {
    const [begun, gate] = [deferred(), deferred()];
    const creating: RunOptions['creating'] = async (_, { report }) => {
      report('pulling an image', 40);
      begun.resolve();
      await gate.promise;
    };
    const bench = new RunBench({ isTTY: true, creating });
    const running = bench.run(source('echo hi'), { tty: false });
    await begun.promise;
    await bench.clock.advance(0);
    await bench.clock.advance(300);
    gate.resolve();
    await running;
    expect(bench.shown.stderr).to.contain('pulling an image 40 %');
    expect(bench.shown.stderr).to.match(/\r\x1b\[K$/);
    expect(bench.shown.stdout).to.equal('hi\n');
    expectNothingLeft(bench);
  });
});

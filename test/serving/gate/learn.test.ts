/** Estimates: what a program will probably use, told from earlier runs on this machine. */
import { expect } from 'chai';
import type { Config } from '../../../server/src/protocol/index.ts';
import { temporaryFolder } from '../../policy/folder.ts';
import { type DaemonOptions, type TestDaemon, withDaemon } from '../daemon.ts';

const MiB = 2 ** 20;

describe('the step of the gate that learns from runs', () => {
  const folder = temporaryFolder();

  const within = (test: (daemon: TestDaemon, sessionId: string) => Promise<void>, config: Config = {}, options: DaemonOptions = {}) =>
    withDaemon({ config, ...options }, async (daemon) => {
      await daemon.initialize();
      await test(daemon, await daemon.session());
    });

  /** Runs a program that takes so long, and resolves when the daemon has learnt from it. */
  const run = async (daemon: TestDaemon, params: object, ms: number) => {
    const running = daemon.result('command/runCode', params);
    await daemon.server.clock.advance(ms);
    await running;
    await daemon.settle();
  };
  const program = (ms: number, cpu = 10, memory = MiB) => `sleep ${ms}\nused ${cpu} ${memory}`;
  const estimate = (daemon: TestDaemon, params: object) => daemon.result('usage/estimate', { language: 'python', ...params });

  it('knows nothing at first', () =>
    within(async (daemon) => {
      expect(await estimate(daemon, { code: 'x' })).to.deep.equal({ basis: 'none', runs: 0 });
    }));

  it('tells the spread of the runs of this program, and what one of them costs', () =>
    within(async (daemon, sessionId) => {
      const code = program(100, 2000, 1024 * MiB);
      for (let turn = 0; turn < 3; turn++) await run(daemon, { sessionId, code }, 100);
      await run(daemon, { sessionId, code: program(5000) }, 5000);
      expect(await estimate(daemon, { code })).to.deep.equal({
        basis: 'program', runs: 3, durationMs: { p50: 100, p95: 100 }, cpuSeconds: { p50: 2, p95: 2 }, memoryBytes: { p50: 1024 * MiB, p95: 1024 * MiB }, cost: { p50: 3.1, p95: 3.1, currency: 'EUR' },
      });
    }, { prices: { currency: 'EUR', cpuSecond: 1, gibSecond: 1, command: 1 } }));

  it('tells of other programs in the language where this one has not run', () =>
    within(async (daemon, sessionId) => {
      for (let ms = 100; ms <= 2000; ms += 100) await run(daemon, { sessionId, code: program(ms) }, ms);
      const { basis, runs, durationMs } = await estimate(daemon, { code: 'echo new' });
      expect([basis, runs, durationMs]).to.deep.equal(['language', 20, { p50: 1000, p95: 1900 }]);
      expect((await estimate(daemon, {})).basis).to.equal('language');
      expect((await estimate(daemon, { language: 'shellscript' })).basis).to.equal('none');
      expect((await estimate(daemon, { runtime: 'other' })).basis).to.equal('none');
    }));

  it('knows a program that was run from a file by its content, whatever the file is called', () =>
    within(async (daemon, sessionId) => {
      const content = program(100);
      await daemon.result('command/writeFile', { sessionId, path: 'a.py', content });
      await run(daemon, { sessionId, path: 'a.py', language: 'python' }, 100);
      await daemon.result('command/writeFile', { sessionId, path: 'b.py', content });
      expect(await estimate(daemon, { sessionId, path: 'b.py' })).to.include({ basis: 'program', runs: 1 });
      expect(await estimate(daemon, { code: content })).to.include({ basis: 'program', runs: 1 });
      await run(daemon, { sessionId, path: 'a.py', language: 'python' }, 100);
      expect(await estimate(daemon, { code: content }), 'a second later the file is not read again').to.include({ runs: 1 });
      await daemon.server.clock.advance(1000);
      await run(daemon, { sessionId, path: 'a.py', language: 'python' }, 100);
      expect(await estimate(daemon, { code: content })).to.include({ runs: 2 });
    }));

  it('learns from the file of a run whose session is closed upon the answer', () =>
    within(async (daemon, sessionId) => {
      const content = `used 10 ${MiB}`;
      await daemon.result('command/writeFile', { sessionId, path: 'a.py', content });
      await daemon.result('command/runCode', { sessionId, path: 'a.py', language: 'python' });
      await daemon.result('session/close', { sessionId });
      expect(await estimate(daemon, { code: content })).to.include({ basis: 'program', runs: 1 });
    }));

  it('learns nothing from a run that was made to end, and nothing from shells', () =>
    within(async (daemon, sessionId) => {
      await run(daemon, { sessionId, code: program(500), timeoutMs: 100 }, 500);
      await daemon.result('command/executeShell', { sessionId, command: 'used 1 1' });
      expect(await estimate(daemon, {})).to.deep.equal({ basis: 'none', runs: 0 });
    }));

  it('keeps the last 50 runs of a program, also for the next daemon', async () => {
    const options = { usageFolder: folder() };
    const code = program(10);
    await within(async (daemon, sessionId) => {
      for (let turn = 0; turn < 40; turn++) await run(daemon, { sessionId, code }, 10);
    }, {}, options);
    await within(async (daemon, sessionId) => {
      for (let turn = 0; turn < 20; turn++) await run(daemon, { sessionId, code }, 10);
    }, {}, options);
    await within(async (daemon) => {
      expect(await estimate(daemon, { code })).to.include({ basis: 'program', runs: 50 });
    }, {}, options);
  });

  it('refuses a question that makes no sense', () =>
    within(async (daemon, sessionId) => {
      expect((await daemon.fault('usage/estimate', { language: 'python', code: 'x', path: 'y', sessionId })).message).to.contain('at most one of code and path');
      expect((await daemon.fault('usage/estimate', { language: 'python', path: 'y' })).message).to.contain('give the session in which the path is');
      expect((await daemon.fault('usage/estimate', { language: 'python', path: 'y', sessionId })).data.kind).to.equal('FileNotFound');
      expect((await daemon.fault('usage/estimate', { language: 'python', path: 'y', sessionId: 'none' })).data.kind).to.equal('SessionNotFound');
    }));
});

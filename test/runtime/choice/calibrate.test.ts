/** A calibration measures a runtime with one sandbox and one program, and leaves nothing of either. */
import { expect } from 'chai';
import { calibrate } from '../../../server/src/runtime/choice/calibrate.ts';
import { FakeClock } from '../../fakes/clock.ts';
import { type FakeOptions, FakeRuntime } from '../../fakes/runtime.ts';

describe('a calibration', () => {
  const run = async (options: Partial<FakeOptions> = {}) => {
    const clock = new FakeClock();
    const runtime = new FakeRuntime({
      clock,
      languages: ['python', 'shellscript'],
      phases: () => [{ name: 'run', command: ['fake', 'echo 1'], env: {} }],
      creating: () => clock.advance(150),
      starting: () => clock.advance(20),
      ...options,
    });
    const samples: Record<string, number> = {};
    const done = calibrate(runtime, clock, (quantity, value) => void (samples[quantity] = value)).then((found) => found, (fault: Error) => fault.message);
    return { clock, runtime, samples, done };
  };

  it('measures the time to a sandbox, and to the first output of a program in it', async () => {
    const { clock, runtime, samples, done } = await run();
    expect([await done, samples]).to.deep.equal([true, { coldMs: 150, warmMs: 20 }]);
    expect([runtime.made.length, runtime.open.length, clock.pending]).to.deep.equal([1, 0, 0]);
  });

  it('measures nothing if something would have to be downloaded', async () => {
    const { runtime, samples, done } = await run({ languages: ['go', 'csharp'] });
    expect([await done, samples, runtime.made]).to.deep.equal([false, {}, []]);
  });

  it('has no number for a program that fails', async () => {
    const { runtime, samples, done } = await run({ phases: () => [{ name: 'run', command: ['fake', 'exit 3'], env: {} }] });
    expect([await done, samples, runtime.open.length]).to.deep.equal([true, { coldMs: 150 }, 0]);
  });

  it('gives up on a sandbox that is never ready, and removes it', async () => {
    const { clock, runtime, done } = await run({ creating: (_spec, { signal }) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))) });
    await clock.advance(20_000);
    expect([await done, runtime.open.length, clock.pending]).to.deep.equal(['fake took longer than 20 s', 0, 0]);
  });

  it('gives up on a program that never ends', async () => {
    const { clock, runtime, done } = await run({ phases: () => [{ name: 'run', command: ['fake', 'forever'], env: {} }] });
    await clock.advance(21_000);
    await clock.advance(0);
    expect([await done, runtime.open.length, clock.pending]).to.deep.equal(['fake took longer than 20 s', 0, 0]);
  });
});

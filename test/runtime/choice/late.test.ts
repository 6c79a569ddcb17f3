/** A runtime whose code is loaded when it is first needed. */
import { expect } from 'chai';
import { lateRuntime } from '../../../server/src/runtime/choice/late.ts';
import { FakeClock } from '../../fakes/clock.ts';
import { FakeRuntime } from '../../fakes/runtime.ts';

describe('a late runtime', () => {
  const { signal } = new AbortController();
  const make = () => {
    const real = new FakeRuntime({ id: 'x', clock: new FakeClock(), languages: ['python'] });
    const calls = { loads: 0, closes: 0 };
    const close = real.close.bind(real);
    real.close = () => {
      calls.closes += 1;
      return close();
    };
    const late = lateRuntime('x', { terminals: true, networks: [], packages: false }, async () => {
      calls.loads += 1;
      return real;
    });
    return { real, late, calls };
  };

  it('is not available before the first refresh, and loads nothing to say so', () => {
    const { late, calls } = make();
    expect(late.info()).to.include({ id: 'x', available: false, reason: 'not looked at yet' });
    expect([late.prepared('python'), late.can]).to.deep.equal([false, { terminals: true, networks: [], packages: false }]);
    expect(calls.loads).to.equal(0);
  });

  it('stands for the real one from the first refresh on, and loads it once', async () => {
    const { late, real, calls } = make();
    const infos = await Promise.all([late.refresh(signal), late.refresh(signal)]);
    expect(infos).to.deep.equal([real.info(), real.info()]);
    expect(late.info()).to.deep.equal(real.info());
    expect(late.prepared('python')).to.equal(real.prepared('python'));
    expect(late.can).to.equal(real.can);
    expect(calls.loads).to.equal(1);
  });

  it('passes `watch` on to the real one', async () => {
    const { late, real } = make();
    const watched: AbortSignal[] = [];
    real.watch = (asked) => void watched.push(asked);
    late.watch(signal, () => undefined);
    await late.refresh(signal);
    expect(watched).to.deep.equal([signal]);
  });

  it('closes the real one if it was loaded', async () => {
    const { late, calls } = make();
    await late.close();
    expect(calls).to.deep.equal({ loads: 0, closes: 0 });
    void late.refresh(signal);
    await late.close();
    expect(calls).to.deep.equal({ loads: 1, closes: 1 });
  });
});

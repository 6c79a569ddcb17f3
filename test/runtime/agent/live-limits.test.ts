/** Limits of a living sandbox: they are changed one after the other, and that of the processor is lifted while many programs die. */
import { expect } from 'chai';
import { deferred } from '../../../server/src/base/promises.ts';
import { LiveLimits } from '../../../server/src/runtime/agent/live-limits.ts';
import type { AdjustableLimits } from '../../../server/src/runtime/ports.ts';
import { FakeClock } from '../../fakes/clock.ts';
import { settled } from './scripted.ts';

const limits: AdjustableLimits = { memoryBytes: 1000, cpus: 1, pids: 10 };

interface Machine {
  readonly processors?: number | 'unknown';
  apply?(to: AdjustableLimits): Promise<void> | void;
}

function living({ processors = 4, apply = () => undefined }: Machine = {}) {
  const clock = new FakeClock();
  const cpus: number[] = [];
  const faults: unknown[] = [];
  const live = new LiveLimits({
    limits, processors: processors === 'unknown' ? undefined : processors, clock,
    apply: async (to) => {
      cpus.push(to.cpus);
      await apply(to);
    },
    failed: (fault) => void faults.push(fault),
  });
  return { live, clock, cpus, faults };
}

describe('the limit of the processor', () => {
  it('is lifted for what takes a while to die, and put back before that is told', async () => {
    const { live, clock, cpus } = living();
    const dying = deferred();
    const lifted = live.liftFor(dying.promise);
    await clock.advance(10);
    expect(cpus).to.deep.equal([4]);
    dying.resolve();
    await lifted;
    expect([cpus, clock.pending]).to.deep.equal([[4, 1], 0]);
  });

  it('stays for what dies at once', async () => {
    const { live, clock, cpus } = living();
    const dying = deferred();
    const lifted = live.liftFor(dying.promise);
    await clock.advance(9);
    dying.resolve();
    await lifted;
    expect([cpus, clock.pending]).to.deep.equal([[], 0]);
  });

  it('stays where all processors are allowed, or nobody knows how many there are', async () => {
    for (const processors of [1, 'unknown'] as const) {
      const { live, clock, cpus } = living({ processors });
      const dying = deferred();
      await live.liftFor(dying.promise);
      expect([cpus, clock.pending]).to.deep.equal([[], 0]);
    }
  });

  it('is put back when the last of several has died', async () => {
    const { live, clock, cpus } = living();
    const [one, other] = [deferred(), deferred()];
    const lifts = [live.liftFor(one.promise), live.liftFor(other.promise)];
    await clock.advance(10);
    one.resolve();
    await lifts[0];
    expect(cpus.at(-1)).to.equal(4);
    other.reject(new Error('lost'));
    await lifts[1];
    expect(cpus.at(-1)).to.equal(1);
  });

  it('is put back to what was asked for meanwhile', async () => {
    const { live, clock, cpus } = living();
    const dying = deferred();
    const lifted = live.liftFor(dying.promise);
    await clock.advance(10);
    await live.change({ ...limits, cpus: 2 });
    dying.resolve();
    await lifted;
    expect(cpus).to.deep.equal([4, 2, 2]);
  });

  it('need not be lifted, and it is told where it can not be put back', async () => {
    const refusing = living({ apply: () => Promise.reject(new Error('no engine')) });
    const dying = deferred();
    const lifted = refusing.live.liftFor(dying.promise);
    await refusing.clock.advance(10);
    dying.resolve();
    await lifted;
    expect([refusing.cpus, refusing.faults.map((fault) => (fault as Error).message)]).to.deep.equal([[4, 1], ['no engine']]);
  });
});

describe('limits that are changed', () => {
  it('are put into force in order', async () => {
    const first = deferred();
    const { live, cpus } = living({ apply: ({ cpus: many }) => (many === 2 ? first.promise : undefined) });
    const changes = [live.change({ ...limits, cpus: 2 }), live.change({ ...limits, cpus: 3 })];
    await settled();
    expect(cpus).to.deep.equal([2]);
    first.resolve();
    await Promise.all(changes);
    expect(cpus).to.deep.equal([2, 3]);
  });

  it('stay as they were where that is refused', async () => {
    const { live, clock, cpus } = living({ apply: ({ cpus: many }) => (many === 2 ? Promise.reject(new Error('no')) : undefined) });
    expect(await live.change({ ...limits, cpus: 2 }).catch((fault: Error) => fault.message)).to.equal('no');
    const dying = deferred();
    const lifted = live.liftFor(dying.promise);
    await clock.advance(10);
    dying.resolve();
    await lifted;
    expect(cpus).to.deep.equal([2, 4, 1]);
  });
});

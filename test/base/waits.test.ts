/** Waits that end after a given time, and closing several things together. */
import { expect } from 'chai';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { deadline, sleep, systemClock, within } from '../../server/src/base/clock.ts';
import { closeAll, deferred, Interruption } from '../../server/src/base/promises.ts';
import { FakeClock } from '../fakes/clock.ts';

describe('waiting', () => {
  it('within a time tells whether the promise has settled by then, and leaves no timer', async () => {
    const clock = new FakeClock();
    const [soon, failing, late] = [deferred(), deferred(), deferred()];
    const waits = [soon, failing, late].map(({ promise }) => within(clock, 100, promise));
    soon.resolve();
    failing.reject(new Error('it failed'));
    await clock.advance(100);
    expect(await Promise.all(waits)).to.deep.equal([true, true, false]);
    expect(clock.pending).to.equal(0);
  });

  it('for a time that is over asks for no negative delay, of which newer Nodes warn, and for none that is too long', () => {
    const { setTimeout: real } = globalThis;
    const delays: (number | undefined)[] = [];
    globalThis.setTimeout = ((callback: () => void, ms?: number) => {
      delays.push(ms);
      return real(callback, 0);
    }) as typeof setTimeout;
    try {
      for (const ms of [-0.001, 5, 1e12]) systemClock.after(ms, () => undefined)();
    } finally {
      globalThis.setTimeout = real;
    }
    expect(delays).to.deep.equal([0, 5, 2 ** 31 - 1]);
  });

  it('with a deadline rejects as the promise does, or with the given error when it is late', async () => {
    const clock = new FakeClock();
    const fails = deadline(clock, 100, Promise.reject(new Error('its own')), () => new Error('late'));
    expect(await fails.catch((fault: Error) => fault.message)).to.equal('its own');
    const late = deadline(clock, 100, new Promise(() => undefined), () => new Error('late')).catch((fault: Error) => fault.message);
    await clock.advance(100);
    expect(await late).to.equal('late');
    expect(clock.pending).to.equal(0);
  });

  it('with sleep ends exactly after the given time', async () => {
    const clock = new FakeClock();
    let awake = false;
    void sleep(clock, 50).then(() => (awake = true));
    await clock.advance(49);
    expect(awake).to.equal(false);
    await clock.advance(1);
    expect(awake).to.equal(true);
  });
});

describe('a wait that an interruption ends', () => {
  it('settles like the work, unless the interruption happens first', async () => {
    const interruption = new Interruption();
    const [done, failing, endless] = [deferred(), deferred(), deferred()];
    const waits = [done, failing, endless].map(({ promise }) => interruption.limit(promise).then(() => 'resolved', (fault: Error) => fault.message));
    done.resolve();
    failing.reject(new Error('it failed'));
    await Promise.all(waits.slice(0, 2));
    interruption.happen();
    expect(await Promise.all(waits)).to.deep.equal(['resolved', 'it failed', 'resolved']);
  });

  it('resolves at once when the interruption has happened, and drops the fault of the work', async () => {
    const interruption = new Interruption();
    interruption.happen();
    await interruption.limit(Promise.reject(new Error('too late')));
  });

  it('leaves nothing in memory once it has settled', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const interruption = new Interruption();
    const waits: WeakRef<Promise<void>>[] = [];
    const begin = () => {
      const wait = interruption.limit(Promise.resolve());
      waits.push(new WeakRef(wait));
      return wait;
    };
    for (let nth = 0; nth < 100; nth += 1) await begin();
    // A WeakRef keeps its target alive until the end of the turn in which it was made.
    await new Promise<void>((resolve) => void setTimeout(resolve, 0));
    collect();
    expect(waits.filter((wait) => wait.deref() !== undefined)).to.have.lengthOf(0);
    interruption.happen();
  });
});

describe('closing several things together', () => {
  it('waits for all of them, and reports every error', async () => {
    const slow = deferred();
    let closed = false;
    const closing = closeAll([Promise.reject(new Error('one')), slow.promise, Promise.reject(new Error('two'))], 'not everything closed');
    const settled = closing.catch((fault: AggregateError) => {
      closed = true;
      return fault;
    });
    await new Promise<void>((resolve) => void setImmediate(resolve));
    expect(closed).to.equal(false);
    slow.resolve();
    const fault = (await settled) as AggregateError;
    expect([fault.message, fault.errors.map(String)]).to.deep.equal(['not everything closed', ['Error: one', 'Error: two']]);
  });

  it('resolves if none fails', async () => {
    await closeAll([Promise.resolve(), Promise.resolve(1)], 'not everything closed');
  });
});

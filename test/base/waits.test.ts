/** Waits that end after a given time, and closing several things together. */
import { expect } from 'chai';
import { deadline, sleep, within } from '../../server/src/base/clock.ts';
import { closeAll, deferred } from '../../server/src/base/promises.ts';
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

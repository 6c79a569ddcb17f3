/** What has failed for a moment is tried again, after pauses that grow. */
import { expect } from 'chai';
import { FIRST_PAUSE_MS, MAX_PAUSE_MS, MAX_TRIES, retrying } from '../../server/src/base/retry.ts';
import { FakeClock } from '../fakes/clock.ts';

/** Work that fails so often. */
function bench(failures: number, { random = () => 1, mayRepeat = () => true }: { random?: () => number; mayRepeat?: (fault: unknown) => boolean } = {}) {
  const clock = new FakeClock();
  const abort = new AbortController();
  const at: number[] = [];
  const result = retrying(async () => {
    at.push(clock.monotonic());
    if (at.length <= failures) throw new Error(`failure ${at.length}`);
    return 'done';
  }, { clock, mayRepeat, random, signal: abort.signal }).catch((fault: Error) => fault.message);
  return { clock, abort, at, result };
}

describe('what is tried again', () => {
  it('succeeds as soon as it does, and leaves no timer', async () => {
    const { clock, at, result } = bench(2);
    await clock.advance(10_000);
    expect([await result, at.length, clock.pending]).to.deep.equal(['done', 3, 0]);
    expect(at.map((each) => each - (at[0] ?? 0))).to.deep.equal([0, FIRST_PAUSE_MS, 3 * FIRST_PAUSE_MS]);
  });

  it('has pauses of at least half of their length, so that not all come at once', async () => {
    const { clock, at } = bench(2, { random: () => 0 });
    await clock.advance(10_000);
    expect(at.map((each) => each - (at[0] ?? 0))).to.deep.equal([0, FIRST_PAUSE_MS / 2, 1.5 * FIRST_PAUSE_MS]);
    expect(MAX_PAUSE_MS).to.be.greaterThan(FIRST_PAUSE_MS);
  });

  it('fails with the last fault after so many tries', async () => {
    const { clock, at, result } = bench(100);
    await clock.advance(60_000);
    expect([await result, at.length, clock.pending]).to.deep.equal([`failure ${MAX_TRIES}`, MAX_TRIES, 0]);
  });

  it('fails at once where that does not help', async () => {
    const { at, result, clock } = bench(100, { mayRepeat: () => false });
    expect([await result, at.length, clock.pending]).to.deep.equal(['failure 1', 1, 0]);
  });

  it('fails with the fault before, and leaves no timer, when it is given up', async () => {
    const { clock, abort, at, result } = bench(100);
    await clock.advance(0);
    abort.abort();
    expect([await result, at.length, clock.pending]).to.deep.equal(['failure 1', 1, 0]);
  });
});

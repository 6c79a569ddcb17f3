/** A crowd begins a few commands at a time, and in a fair order. */
import { expect } from 'chai';
import { TURN_MS, Turns } from '../../server/src/session/turns.ts';
import { FakeClock } from '../fakes/clock.ts';
import { faultOf, lasting, SessionBench } from './bench.ts';

/** Asks for turns and writes down who has got one. */
class Crowd {
  readonly clock = new FakeClock();
  readonly begun: number[] = [];
  readonly end: (() => void)[] = [];
  readonly #turns: Turns;

  constructor(atOnce: number) {
    this.#turns = new Turns({ atOnce, clock: this.clock });
  }

  async ask(...names: number[]): Promise<void> {
    for (const name of names) {
      void this.#turns.take().then((end) => {
        this.begun.push(name);
        this.end[name] = end;
      });
    }
    await this.settle();
  }

  /** Lets everything happen that needs no time. */
  settle(): Promise<void> {
    return this.clock.advance(0);
  }
}

describe('turns', () => {
  it('are there at once for a few, who set no timer', async () => {
    const crowd = new Crowd(2);
    await crowd.ask(0, 1);
    expect([crowd.begun, crowd.clock.pending]).to.deep.equal([[0, 1], 0]);
  });

  it('go to those who wait, in the order asked, as others end', async () => {
    const crowd = new Crowd(2);
    await crowd.ask(0, 1, 2, 3, 4);
    expect(crowd.begun).to.deep.equal([0, 1]);
    crowd.end[1]?.();
    await crowd.settle();
    expect(crowd.begun).to.deep.equal([0, 1, 2]);
    crowd.end[2]?.();
    crowd.end[0]?.();
    await crowd.settle();
    expect([crowd.begun, crowd.clock.pending]).to.deep.equal([[0, 1, 2, 3, 4], 0]);
  });

  it('end by themselves, so that what lasts keeps nobody waiting', async () => {
    const crowd = new Crowd(2);
    await crowd.ask(0);
    await crowd.clock.advance(TURN_MS / 2);
    await crowd.ask(1, 2, 3);
    await crowd.clock.advance(TURN_MS / 2 - 1);
    expect(crowd.begun).to.deep.equal([0, 1]);
    await crowd.clock.advance(1);
    expect(crowd.begun).to.deep.equal([0, 1, 2]);
    await crowd.clock.advance(TURN_MS / 2);
    expect([crowd.begun, crowd.clock.pending]).to.deep.equal([[0, 1, 2, 3], 0]);
  });

  it('that ended long ago are free, though nobody looked', async () => {
    const crowd = new Crowd(1);
    await crowd.ask(0);
    await crowd.clock.advance(TURN_MS);
    await crowd.ask(1);
    expect(crowd.begun).to.deep.equal([0, 1]);
  });

  it('end once', async () => {
    const crowd = new Crowd(1);
    await crowd.ask(0, 1, 2);
    crowd.end[0]?.();
    crowd.end[0]?.();
    await crowd.settle();
    expect(crowd.begun).to.deep.equal([0, 1]);
  });
});

describe('the commands of several sessions', () => {
  it('begin in turns: who asks for much does not come before who asks for little', async () => {
    const bench = new SessionBench({ atOnce: 1 });
    const [greedy, modest] = [await bench.create(), await bench.create()];
    const order: string[] = [];
    const command = (session: typeof greedy, name: string) =>
      session.command(async () => {
        order.push(name);
        await new Promise<void>((resolve) => void setImmediate(resolve));
      });
    await Promise.all([
      ...Array.from({ length: 5 }, () => command(greedy, 'greedy')),
      ...Array.from({ length: 2 }, () => command(modest, 'modest')),
    ]);
    expect(order).to.deep.equal(['greedy', 'modest', 'greedy', 'modest', 'greedy', 'greedy', 'greedy']);
  });

  it('begin though others never end', async () => {
    const bench = new SessionBench({ atOnce: 2 });
    const [one, other] = [await bench.create(), await bench.create()];
    const endless = [lasting(one), lasting(one), lasting(one, 'file')];
    const waiting = lasting(other);
    await bench.settle();
    expect([...endless, waiting].map(({ hasBegun }) => hasBegun)).to.deep.equal([true, false, false, true]);
    await bench.clock.advance(TURN_MS);
    expect([...endless, waiting].map(({ hasBegun }) => hasBegun)).to.deep.equal([true, true, true, true]);
  });

  it('do not wait for a turn to be told that their session is closed', async () => {
    const bench = new SessionBench({ atOnce: 1 });
    const [one, other] = [await bench.create(), await bench.create()];
    lasting(one);
    await bench.settle();
    const waiting = lasting(other);
    await other.close('client');
    expect([(await faultOf(waiting.result)).kind, waiting.hasBegun]).to.deep.equal(['SessionClosed', false]);
    await bench.clock.advance(TURN_MS);
    expect(waiting.hasBegun).to.equal(false);
  });
});

/** Of many commands, only a few begin at the same time, in a fair order. */
import { expect } from 'chai';
import { TURN_MS, Turns } from '../../server/src/session/turns.ts';
import { FakeClock } from '../fakes/clock.ts';
import { faultOf, lasting, SessionBench } from './bench.ts';

/** Asks for turns and records who has got one. */
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

  /** Waits until everything has happened that needs no time. */
  settle(): Promise<void> {
    return this.clock.advance(0);
  }
}

describe('turns', () => {
  it('are given at once, without a timer, while there are few', async () => {
    const crowd = new Crowd(2);
    await crowd.ask(0, 1);
    expect([crowd.begun, crowd.clock.pending]).to.deep.equal([[0, 1], 0]);
  });

  it('are given in the order in which they were asked for, as others end', async () => {
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

  it('end by themselves after a while, so that long commands keep nobody waiting', async () => {
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

  it('that have ended by themselves are free without a timer', async () => {
    const crowd = new Crowd(1);
    await crowd.ask(0);
    await crowd.clock.advance(TURN_MS);
    await crowd.ask(1);
    expect(crowd.begun).to.deep.equal([0, 1]);
  });

  it('end only once', async () => {
    const crowd = new Crowd(1);
    await crowd.ask(0, 1, 2);
    crowd.end[0]?.();
    crowd.end[0]?.();
    await crowd.settle();
    expect(crowd.begun).to.deep.equal([0, 1]);
  });
});

describe('the commands of several sessions', () => {
  it('begin in turns: a session with many commands is not preferred to one with few', async () => {
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

  it('begin although other commands never end', async () => {
    const bench = new SessionBench({ atOnce: 2 });
    const [one, other] = [await bench.create(), await bench.create()];
    const endless = [lasting(one), lasting(one), lasting(one, 'file')];
    const waiting = lasting(other);
    await bench.settle();
    expect([...endless, waiting].map(({ hasBegun }) => hasBegun)).to.deep.equal([true, false, false, true]);
    await bench.clock.advance(TURN_MS);
    expect([...endless, waiting].map(({ hasBegun }) => hasBegun)).to.deep.equal([true, true, true, true]);
  });

  it('fail without waiting for a turn if their session is closed', async () => {
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

describe('a command that prints much', () => {
  it('stands aside while another command has its turn, for a few milliseconds, and not otherwise', async () => {
    const clock = new FakeClock();
    const turns = new Turns({ atOnce: 4, clock });
    expect(turns.aside()).to.equal(undefined);
    const end = await turns.take();
    const told: string[] = [];
    void turns.aside()?.then(() => told.push('the turn has ended'));
    await clock.advance(0);
    expect(told).to.deep.equal([]);
    end();
    await clock.advance(0);
    expect(told).to.deep.equal(['the turn has ended']);
    await turns.take();
    void turns.aside()?.then(() => told.push('time is over'));
    await clock.advance(TURN_MS / 2);
    expect(told.at(-1)).to.equal('time is over');
    await clock.advance(TURN_MS);
    expect([turns.aside(), clock.pending]).to.deep.equal([undefined, 0]);
  });
});

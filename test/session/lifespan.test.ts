/** A session ends when its time is over, and by no time of day: somebody may set the clock, and the machine may sleep. */
import { expect } from 'chai';
import { Lifespan } from '../../server/src/session/lifespan.ts';
import { FakeClock } from '../fakes/clock.ts';

const DAY = 86_400_000;
const IDLE = 60_000;
const LIFETIME = 600_000;

describe('the time of a session', () => {
  for (const [what, ms] of [['forward', DAY], ['back', -DAY]] as const) {
    it(`is as long as before when the clock is set ${what} by a day, and says when it will end`, async () => {
      const clock = new FakeClock();
      const over: string[] = [];
      const lifespan = new Lifespan({ clock, idleTimeoutMs: IDLE, maxLifetimeMs: LIFETIME, over: (reason) => over.push(reason) });
      const left = () => Date.parse(lifespan.times().expiresAt) - clock.now();
      await clock.advance(1_000);
      const { createdAt, lastActiveAt } = lifespan.times();
      clock.set(ms);
      expect([left(), over]).to.deep.equal([IDLE - 1_000, []]);
      expect(lifespan.times()).to.include({ createdAt, lastActiveAt });

      lifespan.enter();
      clock.set(ms);
      expect(left()).to.equal(IDLE);
      lifespan.leave();
      await clock.advance(IDLE - 1);
      expect([left(), over]).to.deep.equal([1, []]);
      await clock.advance(1);
      expect(over).to.deep.equal(['idle']);
      lifespan.enter();
      clock.set(-ms);
      await clock.advance(LIFETIME - IDLE - 1_001);
      expect([left(), over]).to.deep.equal([1, ['idle']]);
      await clock.advance(1);
      expect(over).to.deep.equal(['idle', 'lifetime']);
    });
  }
});

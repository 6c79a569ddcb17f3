/** Two connections to one daemon: what they share, and what each has for itself. */
import { expect } from 'chai';
import { type Guest, withGuests } from './guests.ts';

describe('two connections to one daemon', () => {
  it('share the quotas of the day, also where one of them has lower ones', () =>
    withGuests({ pool: {}, quotas: { perDay: { commands: 5 } } }, async (one, two, { third }) => {
      const run = (guest: Guest, sessionId: string) => guest.call('command/executeShell', { sessionId, command: 'echo 1' });
      const strict = await third({ initializationOptions: { quotas: { perDay: { commands: 2 } } } });
      const [first, second, last] = [await one.session(), await two.session(), await strict.session()];
      for (const [guest, sessionId] of [[one, first], [two, second]] as const) expect((await run(guest, sessionId)).outcome).to.equal('exited');
      expect(await run(strict, last)).to.equal('QuotaExceeded');
      for (let turn = 0; turn < 3; turn++) expect((await run(one, first)).outcome).to.equal('exited');
      expect(await run(two, second)).to.equal('QuotaExceeded');
    }));

  it('have rates of their own', () =>
    withGuests({ pool: {}, rates: { 'session/list': { perMinute: 1 } } }, async (one, two) => {
      expect(await one.call('session/list')).to.deep.equal({ sessions: [] });
      expect(await one.call('session/list')).to.equal('RateLimited');
      expect(await two.call('session/list')).to.deep.equal({ sessions: [] });
    }));

  it('share the maximum of sessions', () =>
    withGuests({ pool: {}, sessions: { max: 2 } }, async (one, two) => {
      const first = await one.session();
      await two.session();
      expect(await two.call('session/create', { language: 'python' })).to.equal('TooManySessions');
      await one.call('session/close', { sessionId: first });
      expect(await two.call('session/create', { language: 'python' })).to.have.property('sessionId');
    }));

  it('give back the places of all their sessions when they close', () =>
    withGuests({ pool: {}, sessions: { max: 1 } }, async (one, two) => {
      await one.session();
      await one.leave();
      expect(await two.call('session/create', { language: 'python' })).to.have.property('sessionId');
    }));

  it('list only their own sessions, and are notified only of those', () =>
    withGuests({ pool: {} }, async (one, two) => {
      const sessionId = await one.session();
      expect((await two.call('session/list')).sessions).to.deep.equal([]);
      expect(await two.call('command/readFile', { sessionId, path: 'a' })).to.equal('SessionNotFound');
      expect(await two.call('session/close', { sessionId })).to.equal('SessionNotFound');
      expect(one.received('session/stateChanged')).to.deep.equal([{ sessionId, state: 'ready' }]);
      expect(two.received('session/stateChanged')).to.deep.equal([]);
    }));

  it('do not close each other’s sessions', () =>
    withGuests({ pool: {} }, async (one, two, { runtime }) => {
      await one.session();
      const sessionId = await two.session();
      await one.leave();
      expect(runtime.open).to.have.lengthOf(1);
      expect(await two.call('command/executeShell', { sessionId, command: 'echo 1' })).to.include({ outcome: 'exited', stdout: '1\n' });
    }));

  it('share the pool: demand of one prepares sandboxes for the other', () =>
    withGuests({}, async (one, two, { runtime, clock }) => {
      const sessionId = await one.session();
      await clock.advance(1000);
      const made = runtime.made.length;
      expect(made).to.be.greaterThan(1);
      expect((await two.call('session/create', { language: 'python' })).warm).to.equal(true);
      expect(runtime.made.length).to.equal(made);
      await one.call('session/close', { sessionId });
    }));

  it('do not remove prepared sandboxes when one of them closes', () =>
    withGuests({}, async (one, two, { clock }) => {
      await one.session();
      await clock.advance(1000);
      await two.leave();
      expect((await one.call('session/create', { language: 'python' })).warm).to.equal(true);
    }));

  it('can each turn the pool off for themselves', () =>
    withGuests({}, async (one, _two, { clock, third }) => {
      await one.session();
      await clock.advance(1000);
      const frugal = await third({ initializationOptions: { pool: {} } });
      expect((await frugal.call('session/create', { language: 'python' })).warm).to.equal(false);
      expect((await one.call('session/create', { language: 'python' })).warm).to.equal(true);
    }));

  it('are both notified when a runtime changes', () =>
    withGuests({ pool: {} }, async (one, two, { runtime, catalog, clock }) => {
      await clock.advance(0);
      runtime.reason = 'gone for now';
      catalog.suspect('fake');
      await clock.advance(0);
      const told = (guest: Guest) => guest.received('runtime/changed').map(({ runtimes }) => runtimes[0].reason);
      expect([told(one), told(two)]).to.deep.equal([['gone for now'], ['gone for now']]);
    }));
});

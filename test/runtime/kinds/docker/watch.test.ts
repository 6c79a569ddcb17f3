/** Watching the engine: that it ends and comes back is noticed without asking it all the time. */
import { rmSync } from 'node:fs';
import { expect } from 'chai';
import { type Subject, subject, until } from './subject.ts';

describe('watching the engine', () => {
  let held: Subject;
  let end: AbortController;
  let changes: number;
  beforeEach(async () => {
    held = await subject();
    end = new AbortController();
    changes = 0;
  });
  afterEach(async () => {
    end.abort();
    await held.close();
  });

  const watch = (of = held) => of.runtime.watch(end.signal, () => (changes += 1));
  const listening = () => until('it listens', () => held.fake.listeners === 1);
  /** Moves the clock, then lets the engine answer. */
  const pass = async (ms: number) => {
    await held.clock.advance(ms);
    for (let turns = 0; turns < 20; turns++) await new Promise((resolve) => setImmediate(resolve));
  };
  const tries = () => held.fake.count('events');
  const waitsAfter = (count: number) => until(`it waits after try ${count}`, () => tries() === count && held.fake.connections === 0 && held.clock.pending === 1);

  /** The times between the tries, without the deadlines of the tries themselves. */
  const waitsOf = ({ clock }: Subject) => {
    const waits: number[] = [];
    const after = clock.after.bind(clock);
    clock.after = (ms, callback) => {
      if (ms >= 1_000 && ms !== 30_000) waits.push(ms);
      return after(ms, callback);
    };
    return waits;
  };

  it('subscribes to the events that matter, and does nothing more', async () => {
    watch();
    await listening();
    const asked = held.fake.requests.at(-1);
    expect(JSON.parse(asked?.query.get('filters') ?? '')).to.deep.equal({ type: ['image', 'daemon'] });
    await until('it says that it may be another engine', () => changes === 1);
    await pass(600_000);
    expect([held.fake.requests.length, changes, held.clock.pending]).to.deep.equal([1, 1, 0]);
  });

  it('reports many events at once as one change', async () => {
    watch();
    await listening();
    await until('it has begun', () => changes === 1);
    for (let count = 0; count < 50; count += 1) held.fake.emit({ Type: 'image', Action: 'pull', count });
    await until('they have come', () => held.clock.pending === 1);
    await pass(300);
    expect(changes).to.equal(2);
    held.fake.emit({ Type: 'daemon', Action: 'reload' });
    await until('another has come', () => held.clock.pending === 1);
    await pass(300);
    expect(changes).to.equal(3);
  });

  it('reports at once that the engine has ended', async () => {
    watch();
    await listening();
    await held.clock.advance(60_000);
    await held.fake.stop();
    await until('it says so', () => changes >= 2);
  });

  it('notices at once by its socket that the engine has come back', async () => {
    watch();
    await listening();
    await held.clock.advance(60_000);
    await held.fake.stop();
    await until('it waits for it', () => held.clock.pending === 1);
    const before = changes;
    const began = held.clock.now();
    await held.fake.restart();
    await until('it waits for a moment', () => held.clock.pending === 1);
    await until('it listens', () => (void held.clock.advance(100), held.fake.listeners === 1));
    await until('it says so', () => changes > before);
    expect(held.clock.now() - began).to.be.below(5_000);
  });

  it('tries less and less often where no socket can be watched', async () => {
    const remote = await subject({ local: false, options: { host: '127.0.0.1', port: 1 } });
    const waits = waitsOf(remote);
    watch(remote);
    for (const wait of [5_000, 10_000, 20_000, 40_000, 60_000, 60_000]) {
      await until(`it waits ${wait} ms`, () => waits.at(-1) === wait && remote.clock.pending === 1);
      waits.push(0);
      await remote.clock.advance(wait);
    }
    end.abort();
    await until('nothing waits', () => remote.clock.pending === 0);
    expect(waits.filter((ms) => ms > 0).slice(0, 6)).to.deep.equal([5_000, 10_000, 20_000, 40_000, 60_000, 60_000]);
    await remote.close();
  });

  it('does not try again at once after an engine that ends the stream', async () => {
    held.fake.on('events', ...Array.from({ length: 50 }, () => ({ json: {} })));
    watch();
    await waitsAfter(1);
    for (let count = 0; count < 49; count += 1) await pass(100);
    expect(tries()).to.equal(1);
    await pass(100);
    await waitsAfter(2);
  });

  it('begins with the short waits again after the engine has run', async () => {
    const waits = waitsOf(held);
    held.fake.on('events', 'hangUp', 'hangUp');
    watch();
    await waitsAfter(1);
    await pass(5_000);
    await waitsAfter(2);
    await pass(10_000);
    await listening();
    await pass(60_000);
    await held.fake.stop();
    await until('it waits', () => waits.length > 2);
    expect(waits.slice(0, 3)).to.deep.equal([5_000, 10_000, 5_000]);
  });

  it('works where the folder of the socket does not exist', async () => {
    rmSync(held.fake.socketPath, { force: true });
    const nowhere = await subject({ options: { socketPath: '/nowhere/at/all/docker.sock' } });
    watch(nowhere);
    await until('it waits', () => nowhere.clock.pending === 1);
    end.abort();
    await until('it has ended', () => nowhere.clock.pending === 0);
    await nowhere.close();
  });

  const moments: Record<string, () => Promise<void>> = {
    'while it listens': listening,
    'while it waits': async () => {
      await listening();
      await held.fake.stop();
      await until('it waits', () => held.clock.pending === 1);
      await held.fake.restart();
    },
    'while it asks': () => until('it asks', () => tries() === 1),
    'before it begins': async () => end.abort(),
  };
  for (const [name, moment] of Object.entries(moments)) {
    it(`ends when it is aborted ${name}, and leaves nothing`, async () => {
      if (name === 'while it asks') held.fake.on('events', 'silence');
      watch();
      await moment();
      end.abort();
      await until('no connection is left', () => held.fake.connections === 0);
      await until('nothing waits', () => held.clock.pending === 0);
      const before = changes;
      await pass(120_000);
      // One that was on its way may have come since.
      await until('no connection is left', () => held.fake.connections === 0);
      expect([changes, held.clock.pending]).to.deep.equal([before, 0]);
    });
  }
});

/** The catalog of runtimes answers at once, looks at runtimes in the background, and tells what has changed. */
import { expect } from 'chai';
import { type Deferred, deferred } from '../../../server/src/base/promises.ts';
import { EventStream } from '../../../server/src/events/events.ts';
import type { RuntimeInfo } from '../../../server/src/protocol/index.ts';
import { Catalog, type CatalogMemory } from '../../../server/src/runtime/choice/catalog.ts';
import { Measurements } from '../../../server/src/runtime/choice/measurements.ts';
import type { Runtime } from '../../../server/src/runtime/ports.ts';
import { type Line, recordingLog } from '../../wire/server.ts';
import { FakeClock } from '../../fakes/clock.ts';
import { FakeRuntime } from '../../fakes/runtime.ts';

const turn = () => new Promise<void>((resolve) => void setImmediate(resolve));

/** A runtime whose `refresh` ends when the test says so. */
class Watched extends FakeRuntime implements Runtime {
  looks = 0;
  held: Deferred<void> | undefined;
  /** What `refresh` finds. */
  found: Partial<RuntimeInfo> = {};
  changed: (() => void) | undefined;
  watching: AbortSignal | undefined;
  #seen: Partial<RuntimeInfo> = { available: false, reason: 'not looked at yet' };

  override info(): RuntimeInfo {
    return { ...super.info(), ...this.#seen };
  }

  override async refresh(): Promise<RuntimeInfo> {
    this.looks += 1;
    const { found } = this;
    await this.held?.promise;
    this.#seen = found;
    return this.info();
  }

  override watch(signal: AbortSignal, changed: () => void): void {
    this.watching = signal;
    this.changed = changed;
  }
}

class Bench {
  readonly clock = new FakeClock();
  readonly lines: Line[] = [];
  readonly one = new Watched({ clock: this.clock, id: 'one', languages: ['python'] });
  readonly two = new Watched({ clock: this.clock, id: 'two' });
  readonly kept: string[][] = [];
  readonly told: string[] = [];
  readonly catalog: Catalog;

  constructor(found: CatalogMemory['found'] = {}) {
    const memory = { measurements: new Measurements(), choices: new Map<string, string>(), found, keep: (now: CatalogMemory['found']) => void this.kept.push(Object.keys(now)) };
    const events = new EventStream(recordingLog(this.lines));
    this.catalog = new Catalog({ runtimes: [this.one, this.two], clock: this.clock, events, memory });
    events.listen((event) => void (event.kind === 'runtimesChanged' && this.told.push(shown(event.runtimes))));
  }

  get shown(): string {
    return shown(this.catalog.infos());
  }
}

const shown = (infos: readonly RuntimeInfo[]) => infos.map(({ id, available, version = '' }) => `${id}${version}${available ? '' : '-'}`).join(' ');

describe('the catalog', () => {
  it('answers before anything was looked at, and after', async () => {
    const { catalog, one, ...bench } = new Bench();
    expect(shown(catalog.infos())).to.equal('one- two-');
    await catalog.lookAtUnknown();
    expect([shown(catalog.infos()), one.looks, bench.two.looks]).to.deep.equal(['one two', 1, 1]);
    await catalog.lookAtAll();
    expect([one.looks, bench.two.looks]).to.deep.equal([1, 1]);
  });

  it('answers from what was found last time, and looks in the background', async () => {
    const last = new FakeRuntime({ clock: new FakeClock(), id: 'one' }).info();
    const bench = new Bench({ one: { ...last, version: '9' } });
    bench.one.held = deferred();
    await bench.catalog.lookAtUnknown();
    expect([bench.shown, bench.one.looks, bench.two.looks]).to.deep.equal(['one9 two', 0, 1]);
    const looked = bench.catalog.lookAtAll();
    expect(bench.shown).to.equal('one9 two');
    bench.one.held.resolve();
    await looked;
    // What was remembered is wrong: there is another version now.
    expect([bench.shown, bench.told.at(-1), bench.kept.at(-1)]).to.deep.equal(['one two', 'one two', ['one', 'two']]);
  });

  it('emits no event if what was remembered is still true', async () => {
    const bench = new Bench();
    await bench.catalog.lookAtAll();
    const again = new Bench(Object.fromEntries(bench.catalog.infos().map((info) => [info.id, info])));
    await again.catalog.lookAtAll();
    expect([again.told, again.kept]).to.deep.equal([[], []]);
  });

  const matters: Record<string, [change: Partial<RuntimeInfo>, told: boolean]> = {
    'availability': [{ available: false, reason: 'gone' }, true],
    'a version': [{ version: '2' }, true],
    'languages': [{ languages: [{ id: 'go' }] }, true],
    'the version of a language': [{ languages: [{ id: 'python', version: '3' }] }, true],
    'isolation': [{ isolation: { score: 1, layers: [] } }, true],
    'a measurement': [{ startup: { coldMs: 5, warmMs: 5, measured: true }, memoryBytes: 7 }, false],
    'nothing': [{}, false],
  };
  for (const [name, [change, told]] of Object.entries(matters)) {
    it(`${told ? 'emits an event' : 'emits no event'} for a change in ${name}`, async () => {
      const bench = new Bench();
      await bench.catalog.lookAtAll();
      bench.told.length = 0;
      bench.one.found = change;
      bench.catalog.suspect('one');
      await turn();
      expect([bench.one.looks, bench.two.looks, bench.told.length]).to.deep.equal([2, 1, told ? 1 : 0]);
    });
  }

  it('looks again and again at a runtime that is no longer available, until it is, or the daemon ends (E6)', async () => {
    const bench = new Bench();
    bench.two.found = { available: false };
    bench.catalog.watch();
    await bench.catalog.lookAtAll();
    await turn();
    bench.one.found = { available: false };
    bench.catalog.suspect('one');
    await turn();
    for (const [seconds, looks] of [[5, 3], [10, 4], [20, 5], [40, 6], [60, 7], [60, 8]] as const) {
      await bench.clock.advance(seconds * 1000);
      await turn();
      expect([seconds, bench.one.looks, bench.shown]).to.deep.equal([seconds, looks, 'one- two-']);
    }
    bench.one.found = {};
    await bench.clock.advance(60_000);
    await turn();
    expect([bench.shown, bench.told.at(-1), bench.clock.pending]).to.deep.equal(['one two-', 'one two-', 0]);
    bench.one.found = { available: false };
    bench.catalog.suspect('one');
    await turn();
    expect(bench.clock.pending).to.equal(1);
    bench.catalog.close();
    expect([bench.clock.pending, bench.two.looks]).to.deep.equal([0, 1]);
  });

  it('looks once more after a look for all requests that came during it', async () => {
    const bench = new Bench();
    await bench.catalog.lookAtAll();
    bench.told.length = 0;
    const held = (bench.one.held = deferred());
    bench.one.found = { version: '2' };
    bench.catalog.suspect('one');
    bench.one.found = { version: '3' };
    for (let count = 0; count < 5; count += 1) bench.catalog.suspect('one');
    held.resolve();
    await turn();
    expect([bench.one.looks, bench.told]).to.deep.equal([3, ['one3 two']]);
  });

  it('watches runtimes when all have been looked at, and no longer after it was closed', async () => {
    const bench = new Bench();
    bench.catalog.watch();
    bench.catalog.watch();
    await turn();
    expect(bench.one.changed).to.equal(undefined);
    await bench.catalog.lookAtAll();
    await turn();
    bench.one.found = { available: false };
    bench.one.changed?.();
    await turn();
    expect(bench.told.at(-1)).to.equal('one- two');
    bench.catalog.close();
    expect(bench.one.watching?.aborted).to.equal(true);
    bench.one.found = {};
    bench.one.changed?.();
    await turn();
    expect([bench.told.at(-1), bench.clock.pending]).to.deep.equal(['one- two', 0]);
  });

  it('shows what was measured in sessions, and chooses by it', async () => {
    const bench = new Bench();
    await bench.catalog.lookAtAll();
    bench.catalog.record('one', 'coldMs', 70);
    bench.catalog.record('one', 'warmMs', 7);
    bench.catalog.record('nobody', 'coldMs', 1);
    const [one, two] = bench.catalog.infos();
    expect([one?.startup, two?.startup.measured]).to.deep.equal([{ coldMs: 70, warmMs: 7, measured: true }, false]);
    expect(bench.catalog.choosable[0]?.info()).to.deep.equal(one);
  });
});

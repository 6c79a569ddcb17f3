/** Several clients of one daemon, whose runtime alone is a fake. */
import { expect } from 'chai';
import { FakeClock } from '../fakes/clock.ts';
import { fakeHouse, type FakeHouse } from '../fakes/house.ts';
import { type FakeOptions, FakeRuntime } from '../fakes/runtime.ts';
import type { Config } from '../../server/src/protocol/index.ts';
import { expectEmpty, type Line, recordingLog, TestServer } from '../wire/server.ts';

/** A client of the shared daemon. */
export class Guest {
  readonly server: TestServer;
  #next = 1;

  constructor({ open }: FakeHouse, clock: FakeClock) {
    this.server = new TestServer({ open, clock });
  }

  async come(params: object = {}): Promise<void> {
    await this.server.initialize({ capabilities: { session: { stateChanged: true } }, ...params });
  }

  async call(method: string, params: object = {}) {
    const { result, error } = await this.server.wire.ask(`c${this.#next++}`, method, params);
    return error ? error.data.kind : result;
  }

  async session(): Promise<string> {
    return (await this.call('session/create', { language: 'python' })).sessionId;
  }

  received(method: string) {
    return this.server.wire.received.filter((message) => message.method === method).map(({ params }) => params);
  }

  async leave(): Promise<void> {
    await this.server.end(2000);
    expect(this.server.errors()).to.deep.equal([]);
  }
}

export interface Shared {
  readonly runtime: FakeRuntime;
  readonly clock: FakeClock;
  readonly catalog: FakeHouse['catalog'];
  readonly house: FakeHouse['house'];
  readonly reload: FakeHouse['reload'];
  readonly lines: readonly Line[];
  /** Another client of the same daemon. */
  third(params: object): Promise<Guest>;
}

/** `options`: those of its runtime. */
export async function withGuests(config: Config, test: (one: Guest, two: Guest, shared: Shared) => Promise<void>, options: Partial<FakeOptions> = {}): Promise<void> {
  const clock = new FakeClock();
  const lines: Line[] = [];
  const runtime = new FakeRuntime({ clock, languages: ['python'], ...options });
  const shared = fakeHouse({ runtimes: [runtime], config, clock, log: recordingLog(lines) });
  const [one, two] = [new Guest(shared, clock), new Guest(shared, clock)];
  const guests = [one, two];
  const third = async (params: object) => {
    const guest = new Guest(shared, clock);
    guests.push(guest);
    await guest.come(params);
    return guest;
  };
  try {
    for (const guest of [one, two]) await guest.come();
    await test(one, two, { runtime, clock, catalog: shared.catalog, house: shared.house, reload: shared.reload, lines, third });
  } finally {
    for (const guest of guests) await guest.leave();
    await shared.house.close();
  }
  for (const guest of guests) expectEmpty(guest.server);
  expect(runtime.open, 'sandboxes').to.deep.equal([]);
  expect(lines.filter(({ level }) => level === 'error')).to.deep.equal([]);
}

/** A whole daemon behind a connection in memory. Only its runtime is a fake. */
import { expect } from 'chai';
import { errorGuide, errorsOf } from '../../server/src/protocol/error-guide.ts';
import type { Audit } from '../../server/src/audit/audit.ts';
import type { Clock } from '../../server/src/base/clock.ts';
import { type EventStream, turnedAway } from '../../server/src/events/events.ts';
import type { Ways } from '../../server/src/network/dial.ts';
import { type Config, type ErrorKind, methods } from '../../server/src/protocol/index.ts';
import type { Catalog } from '../../server/src/runtime/choice/catalog.ts';
import type { TextScanner } from '../../server/src/scan/scanner.ts';
import type { House } from '../../server/src/serving/house.ts';
import type { HouseParts } from '../../server/src/serving/parts.ts';
import type { OpenService } from '../../server/src/wire/service.ts';
import type { OpenSessions } from '../../server/src/usage/open-sessions.ts';
import { fakeHouse, type FakeHouse } from '../fakes/house.ts';
import type { FakePackages } from '../fakes/packages.ts';
import { type FakeOptions, FakeRuntime, type FakeSandbox } from '../fakes/runtime.ts';
import { expectEmpty, recordingLog, TestServer } from '../wire/server.ts';
import type { Json, Received } from '../wire/wire.ts';

export interface DaemonOptions extends Partial<Omit<FakeOptions, 'packages'>> {
  /** What installs packages; the sandboxes then see them. */
  readonly packages?: FakePackages;
  /** What scans code. Default: nothing is scanned. */
  readonly scanner?: TextScanner;
  readonly config?: Config;
  readonly hidden?: readonly string[];
  readonly ways?: Ways;
  /** Absent: nothing is recorded. */
  readonly audit?: (clock: Clock) => Audit;
  /** The folder in which is kept what was used. Absent: it is counted in memory. */
  readonly usageFolder?: string;
  /** The folder of the history. Absent: none is kept. */
  readonly historyFolder?: string;
  readonly folders?: HouseParts['folders'];
  readonly tracer?: HouseParts['tracer'];
  readonly configured?: HouseParts['configured'];
  /** Counts the sessions of all daemons. Absent: nobody does. */
  readonly openSessions?: (clock: Clock) => OpenSessions;
  readonly certificates?: HouseParts['certificates'];
  readonly secret?: HouseParts['secret'];
  /** Additional runtimes, by their ids. */
  readonly others?: readonly Partial<FakeOptions>[];
  /** The errors that the test expects in the log, by a part of their message. */
  readonly errors?: readonly string[];
}

export class TestDaemon {
  readonly server: TestServer;
  readonly runtime: FakeRuntime;
  readonly runtimes: readonly FakeRuntime[];
  readonly audit: Audit | undefined;
  readonly catalog: Catalog;
  readonly house: House;
  readonly reload: FakeHouse['reload'];
  readonly events: EventStream;
  #open: OpenService;
  #next = 1;

  constructor({ config = {}, hidden = [], ways, certificates, secret, audit, usageFolder, historyFolder, folders, configured, tracer, openSessions, others = [], packages, scanner, ...options }: DaemonOptions = {}) {
    this.server = new TestServer({ open: (params, client) => this.#open(params, client), heard: { refused: (method, fault) => this.events.emit(turnedAway(method, fault)), unread: (fault) => this.events.emit(turnedAway(undefined, fault)) } });
    const { clock, lines } = this.server;
    const make = (more: Partial<FakeOptions>) => new FakeRuntime({ clock, languages: ['python', 'shellscript'], packages: packages !== undefined, ...more });
    this.audit = audit?.(clock);
    this.runtime = make(options);
    this.runtimes = [this.runtime, ...others.map(make)];
    const { openSole, catalog, events, house, reload } = fakeHouse({ runtimes: this.runtimes, config: { pool: {}, ...config }, hidden, ...(ways && { ways }), certificates, secret, tracer, ...(folders && { folders }), ...(configured && { configured }), ...(usageFolder !== undefined && { usageFolder }), historyFolder, audit: this.audit, openSessions: openSessions && (async () => openSessions(clock)), clock, log: recordingLog(lines), packages: packages && (async () => packages.make({ clock, log: recordingLog(lines) })), scanner: scanner && (async () => scanner) });
    this.catalog = catalog;
    this.house = house;
    this.reload = reload;
    this.events = events;
    this.#open = openSole;
  }

  get wire() {
    return this.server.wire;
  }

  get sandbox(): FakeSandbox {
    return this.runtime.made.at(-1) as FakeSandbox;
  }

  /** The result of `initialize`. */
  async initialize(params: object = {}): Promise<Json> {
    const { result, error } = await this.server.initialize(params);
    expect(error).to.equal(undefined);
    return result;
  }

  /** An error must be one of those that the documents name for the method (C4), and its data has what they name. */
  async ask(method: string, params: object = {}): Promise<Received> {
    const answer = await this.wire.ask(`t${this.#next++}`, method, params);
    const row = methods.find(({ name }) => name === method);
    if (answer.error && row) {
      const { kind, ...data } = answer.error.data as { kind: ErrorKind };
      expect(errorsOf(row), method).to.include(kind);
      expect(Object.keys(errorGuide[kind].data), `data of ${kind}`).to.include.members(Object.keys(data));
    }
    return answer;
  }

  async result(method: string, params: object = {}): Promise<Json> {
    const { result, error } = await this.ask(method, params);
    expect(error, method).to.equal(undefined);
    return result;
  }

  async fault(method: string, params: object = {}): Promise<{ code: number; message: string; data: Json }> {
    const { error } = await this.ask(method, params);
    expect(error, method).not.to.equal(undefined);
    return error as { code: number; message: string; data: Json };
  }

  async session(params: object = {}): Promise<string> {
    return (await this.result('session/create', { language: 'python', ...params })).sessionId;
  }

  /** The params of all notifications with this method that were received so far. */
  received(method: string): Json[] {
    return this.wire.received.filter((message) => message.method === method).map(({ params }) => params);
  }

  settle(): Promise<void> {
    return this.server.settle();
  }
}

/** Runs a test, ends the daemon, and checks that no sandbox, no timer and no unexpected error is left. */
export async function withDaemon(options: DaemonOptions, test: (daemon: TestDaemon) => Promise<void>): Promise<void> {
  const daemon = new TestDaemon(options);
  const { server, runtimes } = daemon;
  try {
    await test(daemon);
  } finally {
    // The cache of packages and the folders of usage and history are real, and what is done there at the end takes real time.
    await server.end(options.packages ?? options.openSessions ?? options.usageFolder ?? options.historyFolder ? 0 : 2000);
    await daemon.audit?.close();
  }
  expectEmpty(server);
  expect(runtimes.flatMap(({ open }) => open), 'sandboxes').to.deep.equal([]);
  const expected = options.errors ?? [];
  expect(server.errors().length, server.errors().join('\n')).to.equal(expected.length);
  expected.forEach((part, index) => expect(server.errors()[index]).to.contain(part));
}

/** A connection under test, with a service whose handlers the test provides. */
import { expect } from 'chai';
import type { Level, Log } from '../../server/src/base/log.ts';
import { defaultSizes } from '../../server/src/policy/sizes.ts';
import { FramedTransport } from '../../server/src/wire/framed.ts';
import { type ConnectDeps, type Connection, connect } from '../../server/src/wire/server.ts';
import type { Client, OpenService, Serve, Service } from '../../server/src/wire/service.ts';
import { type InitializeParams, ProtocolError } from '../../server/src/protocol/index.ts';
import { FakeClock } from '../fakes/clock.ts';
import { overWebSocket } from './over-websocket.ts';
import { type Json, type Received, Wire } from './wire.ts';

/** Whether clients in memory speak over WebSockets (test/websocket.test.ts). */
const overWebSockets = process.env.CODEBEAKER_WIRE === 'websocket';

export interface Line {
  readonly level: Level;
  readonly message: string;
  readonly fault?: unknown;
}

export function recordingLog(lines: Line[]): Log {
  const write = (level: Level) => (message: string, fault?: unknown) => void lines.push({ level, message, fault });
  const log: Log = { error: write('error'), warn: write('warn'), info: write('info'), debug: write('debug'), child: () => log };
  return log;
}

/** The handlers of a test, whose params are not typed. */
export type TestHandlers = Record<string, (params: Json, context: { signal: AbortSignal }) => unknown>;

/** A handler that runs until it is cancelled. */
export function untilAborted(_params: unknown, { signal }: { signal: AbortSignal }): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason));
  });
}

export interface Options {
  readonly handlers?: TestHandlers;
  /** The request methods in the capabilities. Default: all that have a handler. */
  readonly served?: readonly string[];
  readonly wire?: Wire;
  /** For a clock that is shared with another server. */
  readonly clock?: FakeClock;
  readonly open?: OpenService;
  readonly close?: () => Promise<void>;
  readonly heard?: Pick<ConnectDeps, 'refused' | 'unread'>;
  /** The errors that the test expects in the log, by a part of their message. */
  readonly errors?: readonly string[];
}

export class TestServer {
  readonly wire: Wire;
  readonly clock: FakeClock;
  readonly lines: Line[] = [];
  /** Over a WebSocket it is another MessageTransport. */
  readonly transport: FramedTransport;
  readonly connection: Connection;
  readonly pids: number[] = [];
  /** The calls that reached nothing, each with the kind of its error. */
  readonly refused: string[] = [];
  params: InitializeParams | undefined;
  client: Client | undefined;
  closes = 0;

  constructor(options: Options = {}) {
    this.wire = options.wire ?? new Wire();
    this.clock = options.clock ?? new FakeClock();
    const open: OpenService = async (params, client) => {
      this.params = params;
      this.client = client;
      return options.open ? options.open(params, client) : this.#service(options);
    };
    const log = recordingLog(this.lines);
    const maxMessageBytes = defaultSizes.messageBytes;
    this.transport = overWebSockets ? (overWebSocket(this.wire, { clock: this.clock, log, maxMessageBytes }) as FramedTransport) : new FramedTransport(this.wire.stream, log, maxMessageBytes);
    this.connection = connect(this.transport, open, {
      log,
      clock: this.clock,
      version: '9.9.9',
      ...options.heard,
      onClientProcess: (pid) => void this.pids.push(pid),
      refused: (method, fault) => {
        this.refused.push(`${method} ${(fault as ProtocolError).kind}`);
        options.heard?.refused?.(method, fault);
      },
    });
  }

  initialize(params: object = {}): Promise<Received> {
    return this.wire.ask('init', 'initialize', { processId: null, capabilities: {}, ...params });
  }

  /** Sends a request that is always answered at once, and returns everything that was received up to its answer. */
  async flush(): Promise<Received[]> {
    await this.wire.ask('probe', 'server/health', {});
    return this.wire.received.filter(({ id }) => id !== 'probe' && id !== 'init');
  }

  /** Lets everything happen that needs no time, also what has been sent arrive. */
  async settle(): Promise<void> {
    if (overWebSockets) await this.flushTurns();
    await this.clock.advance(0);
  }

  /** Ends the connection. `advance`: by so much the clock is moved meanwhile. */
  async end(advance = 0): Promise<void> {
    const ended = this.connection.close();
    if (advance > 0) await this.clock.advance(advance);
    await ended;
    // Both ends of a WebSocket still say goodbye.
    if (overWebSockets) await this.flushTurns();
  }

  /** Waits until everything has happened that needs neither input nor time. */
  async flushTurns(): Promise<void> {
    for (let turn = 0; turn < 20; turn += 1) await new Promise<void>((resolve) => void setImmediate(resolve));
  }

  errors(): string[] {
    return this.lines.filter(({ level }) => level === 'error').map(({ message }) => message);
  }

  #service(options: Options): Service {
    const handlers: TestHandlers = { 'server/health': () => ({ status: 'ok', checks: [], uptimeMs: 0 }), ...options.handlers };
    const serve: Serve = async ({ method, params, signal }) => {
      const handler = handlers[method.name];
      if (!handler) throw new ProtocolError('CommandNotFound', 'This test has no such handler.');
      return handler(params as Json, { signal });
    };
    return {
      capabilities: capabilities(options.served ?? Object.keys(handlers)),
      start: () => Promise.resolve(serve),
      close: async () => {
        this.closes += 1;
        await options.close?.();
      },
    };
  }
}

/** Runs a test, ends the connection, and checks that nothing waits any more and that no unexpected error was logged. */
export async function withServer(options: Options, test: (server: TestServer) => Promise<void>): Promise<void> {
  const server = new TestServer(options);
  try {
    await test(server);
  } finally {
    await server.end(2000);
  }
  expectEmpty(server);
  const expected = options.errors ?? [];
  expect(server.errors().length, server.errors().join('\n')).to.equal(expected.length);
  expected.forEach((part, index) => expect(server.errors()[index]).to.contain(part));
}

export function expectEmpty({ connection: { guard }, clock, wire }: TestServer): void {
  expect(guard.inFlight.size, 'requests in flight').to.equal(0);
  expect(guard.inFlight.bytes, 'bytes in flight').to.equal(0);
  expect(clock.pending, 'timers').to.equal(0);
  expect(wire.disposed, 'transport disposed').to.equal(true);
}

export const codesOf = (messages: readonly Received[]) => messages.map(({ id, error }) => [id, error?.code]);

function capabilities(served: readonly string[]): Service['capabilities'] {
  return {
    runtimes: [],
    methods: [...served],
    sessions: { maxSessions: 1, idleTimeoutMs: 0, maxLifetimeMs: 0, pooled: false },
    output: { flowControl: true, windowBytes: 1, maxChunkBytes: 1 },
  };
}

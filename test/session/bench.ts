/** Sessions over fake sandboxes, with a record of every event. */
import { expect } from 'chai';
import { FakeClock } from '../fakes/clock.ts';
import { FakeRuntime, type FakeSandbox, type FakeOptions } from '../fakes/runtime.ts';
import { type Line, recordingLog } from '../wire/server.ts';
import { forwarding } from '../../server/src/base/forward.ts';
import { deferred } from '../../server/src/base/promises.ts';
import { defaultLimits } from '../../server/src/policy/defaults.ts';
import { type CloseReason, ProtocolError, type SessionState } from '../../server/src/protocol/index.ts';
import { EventStream } from '../../server/src/events/events.ts';
import type { Quantity } from '../../server/src/runtime/choice/measurements.ts';
import type { CreateContext, Runtime } from '../../server/src/runtime/ports.ts';
import { type CreateSession, SessionManager } from '../../server/src/session/manager.ts';
import { Places } from '../../server/src/session/places.ts';
import { SandboxPool } from '../../server/src/warm/pool.ts';
import type { Session } from '../../server/src/session/session.ts';
import { Turns } from '../../server/src/session/turns.ts';
import { measureRuntimes } from '../../server/src/serving/listeners/measure.ts';

export const IDLE_MS = 1000;
export const LIFETIME_MS = 10_007;

export interface BenchOptions extends Partial<FakeOptions> {
  readonly max?: number;
  /** How many commands may have a turn at once. Default: any number. */
  readonly atOnce?: number;
  /** How many sandboxes for Python are prepared in advance. */
  readonly ahead?: number;
}

/** A session manager with one fake runtime, and a record of what both did. */
export class SessionBench {
  readonly clock = new FakeClock();
  readonly changes: [session: string, state: SessionState, reason?: CloseReason][] = [];
  readonly lines: Line[] = [];
  readonly samples: [runtime: string, quantity: Quantity, value: number][] = [];
  readonly events = new EventStream(recordingLog(this.lines));
  readonly runtime: FakeRuntime;
  readonly manager: SessionManager;

  constructor({ max = 16, atOnce = Infinity, ahead, ...options }: BenchOptions = {}) {
    this.runtime = new FakeRuntime({ clock: this.clock, languages: ['python'], ...options });
    const { clock, events } = this;
    this.manager = new SessionManager({
      visit: 'visit',
      places: new Places(max),
      turns: new Turns({ atOnce, clock }),
      pool: ahead === undefined ? undefined : this.#pool(ahead),
      events,
      clock,
      log: recordingLog(this.lines),
    });
    measureRuntimes({ record: (...sample) => void this.samples.push(sample) }, events);
    events.listen((event) => {
      if (event.kind !== 'sessionChanged') return;
      const { session: { sessionId }, state, reason } = event;
      this.changes.push(reason ? [sessionId, state, reason] : [sessionId, state]);
    });
  }

  #pool(ahead: number): SandboxPool<unknown> {
    const pool = new SandboxPool<unknown>({
      clock: this.clock,
      log: recordingLog(this.lines),
      size: () => ahead,
      adjustable: () => false,
      prepare: () => Promise.resolve(undefined),
    });
    pool.expect(this.runtime, { language: 'python', image: undefined, limits: defaultLimits });
    return pool;
  }

  async create(wish: Partial<CreateSession> = {}, context: Partial<CreateContext> = {}): Promise<Session> {
    const { session } = await this.manager.create(
      {
        runtime: this.runtime,
        language: 'python',
        image: undefined,
        label: undefined,
        limits: defaultLimits,
        workspace: undefined,
        env: {},
        strict: false,
        idleTimeoutMs: IDLE_MS,
        maxLifetimeMs: LIFETIME_MS,
        ...wish,
      },
      { signal: new AbortController().signal, report: () => undefined, ...context },
    );
    return session;
  }

  /** The states of a session, in the order of their events. */
  statesOf({ id }: Pick<Session, 'id'>): string[] {
    return this.changes.filter(([session]) => session === id).map(([, state, reason]) => (reason ? `${state} ${reason}` : state));
  }

  get sandbox(): FakeSandbox {
    return this.runtime.made.at(-1) as FakeSandbox;
  }

  /** Waits until everything has happened that needs no time. */
  settle(): Promise<void> {
    return this.clock.advance(0);
  }
}

/** The error with which it failed, which must be a ProtocolError. */
export async function faultOf(work: Promise<unknown>): Promise<ProtocolError> {
  const fault: unknown = await work.then(() => expect.fail('it succeeded'), (thrown: unknown) => thrown);
  expect(fault).to.be.instanceOf(ProtocolError);
  return fault as ProtocolError;
}

/** A runtime that ignores its abort signal. */
export function deaf(runtime: Runtime): Runtime {
  return forwarding(() => runtime, {
    create: (spec, context) => runtime.create(spec, { ...context, signal: new AbortController().signal }),
  });
}

/** A command that runs until the test ends it. If it is an execution, it also ends with its session. */
export function lasting(session: Session, kind: 'file' | 'execution' = 'execution') {
  const work = deferred<string>();
  const begun = deferred();
  let hasBegun = false;
  const result = session.command(async (started) => {
    hasBegun = true;
    begun.resolve();
    if (kind === 'execution') {
      session.track({ end: () => work.resolve('ended'), done: work.promise });
      started();
    }
    return work.promise;
  });
  result.catch(() => undefined);
  return { result, begun: begun.promise, end: () => work.resolve('done'), fail: () => work.reject(new Error('it failed')), get hasBegun() { return hasBegun; } };
}

/** A sandbox with an identity: its state, its order, its clocks. Ends once, for one reason. */
import { type Clock, within } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { deferred, type Deferred, nextLoopIteration, Sequence } from '../base/promises.ts';
import type { EventStream, SessionIdentity } from '../events/events.ts';
import {
  type CloseReason,
  type CommandUsage,
  type LanguageId,
  type Limits,
  type Network,
  ProtocolError,
  type Session as SessionView,
  type SessionState,
} from '../protocol/index.ts';
import type { Sandbox } from '../runtime/ports.ts';
import type { Turns } from './turns.ts';

export interface SessionParts {
  readonly id: string;
  /** The connection that it belongs to. */
  readonly visit: string;
  readonly label: string | undefined;
  readonly language: LanguageId | undefined;
  readonly runtime: string;
  /** Whether its sandbox was made ahead. */
  readonly warm?: boolean;
  readonly sandbox: Sandbox;
  readonly limits: Limits;
  readonly network: Network;
  readonly env: Readonly<Record<string, string>>;
  readonly idleTimeoutMs: number;
  readonly maxLifetimeMs: number;
  readonly clock: Clock;
  readonly log: Log;
  /** Shared with all other sessions. */
  readonly turns: Turns;
  /** Hears of every change of state, in order. */
  readonly events: EventStream;
}

/** What runs in a session and must end before it. */
export interface Running {
  /** Ends it for the given reason; its result still goes out. */
  end(reason: CloseReason): void;
  readonly done: Promise<unknown>;
}

/** After this, a session closes even if something that ran in it has not settled: whoever waits for that is told. */
const SETTLE_MS = 1_000;

export class Session {
  readonly id: string;
  readonly sandbox: Sandbox;
  readonly limits: Limits;
  readonly env: Readonly<Record<string, string>>;
  readonly language: LanguageId | undefined;
  readonly identity: SessionIdentity;
  readonly #parts: SessionParts;
  readonly #createdAt: number;
  readonly #order = new Sequence();
  readonly #running = new Set<Running>();
  /** What the callers of `command` wait for. */
  readonly #awaited = new Set<Pick<Deferred<never>, 'reject'>>();
  #hadProgram = false;
  #lastActiveAt: number;
  #active = 0;
  #state: SessionState = 'ready';
  #reason: CloseReason | undefined;
  #closing: Promise<void> | undefined;
  readonly #closed = deferred();
  #commandCount = 0;
  #usage: CommandUsage = { cpuMs: 0, peakMemoryBytes: 0 };
  #cancelIdle: (() => void) | undefined;
  readonly #cancelLifetime: (() => void) | undefined;

  constructor(parts: SessionParts) {
    this.#parts = parts;
    this.id = parts.id;
    this.sandbox = parts.sandbox;
    this.limits = parts.limits;
    this.env = parts.env;
    this.language = parts.language;
    const { id: sessionId, visit, runtime, language, warm = false } = parts;
    this.identity = { visit, sessionId, runtime, language, warm };
    this.#createdAt = this.#lastActiveAt = parts.clock.now();
    const { maxLifetimeMs } = parts;
    if (maxLifetimeMs > 0) this.#cancelLifetime = parts.clock.after(maxLifetimeMs, () => this.#end('lifetime'));
    this.#watchIdle();
    void parts.sandbox.lost.then(() => this.#end('sandboxLost'));
    this.#tell('ready');
  }

  get state(): SessionState {
    return this.#state;
  }

  /** Resolves when it is closed, for whatever reason, and its listeners have heard so. */
  get closed(): Promise<void> {
    return this.#closed.promise;
  }

  /** Why it closed. */
  get reason(): CloseReason | undefined {
    return this.#reason;
  }

  /**
   * Runs a command when those before it have started, or, for file commands, ended, and it has its turn among all sessions.
   * `begin` resolves `started` when the next may come. The session is busy, and not idle, until its result is there.
   * @throws ProtocolError SessionClosed
   */
  async command<T>(begin: (started: () => void) => Promise<T>): Promise<T> {
    this.#requireOpen();
    this.#enter();
    const result = deferred<T>();
    this.#awaited.add(result);
    try {
      void this.#order.run(async () => {
        const started = deferred();
        const endTurn = await this.#parts.turns.take();
        const run = (async () => {
          this.#requireOpen();
          return begin(started.resolve);
        })();
        void run.then(result.resolve, result.reject).then(() => {
          started.resolve();
          endTurn();
        });
        await started.promise;
      });
      return await result.promise;
    } finally {
      this.#awaited.delete(result);
      this.#leave();
    }
  }

  /** Work of our own in the sandbox: the next command starts when it is done. Nobody waits for it, and the answer of this one leaves first. */
  tidy(work: () => Promise<void>): void {
    void this.#order.run(async () => {
      await nextLoopIteration();
      await work();
    });
  }

  /** Until `running.done` settles, closing the session ends it first. */
  track(running: Running): void {
    this.#running.add(running);
    void running.done.catch(() => undefined).finally(() => this.#running.delete(running));
    if (this.#reason) running.end(this.#reason);
  }

  /** Whether no program came before this one. */
  countProgram(): boolean {
    const first = !this.#hadProgram;
    this.#hadProgram = true;
    return first;
  }

  account(usage: CommandUsage | undefined): void {
    if (!usage) return;
    this.#usage = {
      cpuMs: this.#usage.cpuMs + usage.cpuMs,
      peakMemoryBytes: Math.max(this.#usage.peakMemoryBytes, usage.peakMemoryBytes),
    };
  }

  view(): SessionView {
    const { label, language, runtime, network, idleTimeoutMs, maxLifetimeMs } = this.#parts;
    const { image, isolation } = this.sandbox;
    return {
      sessionId: this.id,
      ...(label === undefined ? {} : { label }),
      ...(language === undefined ? {} : { language }),
      runtime,
      ...(image === undefined ? {} : { image }),
      state: this.#state,
      warm: this.#parts.warm ?? false,
      workspace: '/workspace',
      createdAt: iso(this.#createdAt),
      lastActiveAt: iso(this.#active > 0 ? this.#parts.clock.now() : this.#lastActiveAt),
      expiresAt: iso(this.#expiresAt()),
      idleTimeoutMs,
      maxLifetimeMs,
      limits: this.limits,
      network,
      isolation,
      commandCount: this.#commandCount,
      usage: this.#usage,
    };
  }

  /** Ends what runs, removes the sandbox. Idempotent; the first reason wins. */
  close(reason: CloseReason): Promise<void> {
    this.#closing ??= this.#close(reason);
    return this.#closing;
  }

  /** Closes it when nobody waits for that. */
  #end(reason: CloseReason): void {
    this.close(reason).catch((fault: unknown) => {
      const { log } = this.#parts;
      // Where its runtime has gone, so has the sandbox, or its lease sees to that.
      const gone = reason === 'sandboxLost' && fault instanceof ProtocolError && fault.kind === 'RuntimeUnavailable';
      if (gone) log.info('a sandbox was lost with its runtime', fault);
      else log.error('a sandbox could not be removed', fault);
    });
  }

  /** Whatever goes wrong on the way, the session is closed at the end, and nobody waits for it any more. */
  async #close(reason: CloseReason): Promise<void> {
    this.#reason = reason;
    this.#cancelIdle?.();
    this.#cancelLifetime?.();
    this.#setState('closing', reason);
    const ending = [...this.#running];
    for (const running of ending) running.end(reason);
    try {
      if (reason === 'sandboxLost') await this.#settled(ending);
      await this.sandbox.close();
    } finally {
      await this.#settled(ending);
      for (const { reject } of this.#awaited) reject(sessionClosed(this.id, reason));
      this.#setState('closed', reason);
      this.#closed.resolve();
    }
  }

  async #settled(ending: readonly Running[]): Promise<void> {
    const all = Promise.allSettled(ending.map(({ done }) => done));
    await within(this.#parts.clock, SETTLE_MS, all);
  }

  #requireOpen(): void {
    if (this.#reason) throw sessionClosed(this.id, this.#reason);
  }

  #enter(): void {
    this.#commandCount++;
    this.#cancelIdle?.();
    if (this.#active++ === 0 && this.#state === 'ready') this.#setState('busy');
  }

  #leave(): void {
    this.#lastActiveAt = this.#parts.clock.now();
    if (--this.#active > 0 || this.#state !== 'busy') return;
    this.#setState('ready');
    this.#watchIdle();
  }

  #watchIdle(): void {
    const { idleTimeoutMs, clock } = this.#parts;
    if (idleTimeoutMs > 0) this.#cancelIdle = clock.after(idleTimeoutMs, () => this.#end('idle'));
  }

  #setState(state: SessionState, reason?: CloseReason): void {
    this.#state = state;
    this.#tell(state, reason);
  }

  #tell(state: SessionState, reason?: CloseReason): void {
    this.#parts.events.emit({ kind: 'sessionChanged', session: this.identity, state, reason });
  }

  /** When it would close if nothing more happened. */
  #expiresAt(): number {
    const { idleTimeoutMs, maxLifetimeMs, clock } = this.#parts;
    const idle = idleTimeoutMs === 0 ? Infinity : (this.#active > 0 ? clock.now() : this.#lastActiveAt) + idleTimeoutMs;
    const lifetime = maxLifetimeMs === 0 ? Infinity : this.#createdAt + maxLifetimeMs;
    return Math.min(idle, lifetime, LAST_DATE);
  }
}

/** The end of what ISO 8601 dates can say in JavaScript: the expiry of what never expires. */
const LAST_DATE = 8_640_000_000_000_000;

function iso(time: number): string {
  return new Date(time).toISOString();
}

export function sessionClosed(sessionId: string, reason: CloseReason): ProtocolError {
  const why = {
    client: 'the client closed it',
    idle: 'it was idle for too long',
    lifetime: 'it reached its maximum lifetime',
    sandboxLost: 'its sandbox was lost',
    shutdown: 'the daemon is shutting down',
  }[reason];
  return new ProtocolError('SessionClosed', `session ${sessionId} is closed: ${why}; create a new one`, { sessionId, reason });
}

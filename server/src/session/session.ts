/** A session: a sandbox with an id, a state, a queue of commands and time limits. It closes once, for one reason. */
import { type Clock, within } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { deferred, type Deferred, nextLoopIteration, Sequence } from '../base/promises.ts';
import type { EventStream, SessionIdentity } from '../events/events.ts';
import { type CloseReason, type CommandUsage, type Environment, type LanguageId, type Limits, ProtocolError, type Session as SessionView, type SessionState } from '../protocol/index.ts';
import { cannot, type CreateContext, type Sandbox, type SandboxSpec } from '../runtime/ports.ts';
import type { Secrets } from '../secrets/secrets.ts';
import { Afterwards } from './afterwards.ts';
import { sessionClosed } from './closed.ts';
import { SessionEnvironment } from './environment.ts';
import { Lifespan } from './lifespan.ts';
import { HeldLimits } from './limits.ts';
import { type SessionNetwork, withNetwork } from './network.ts';
import type { Turns } from './turns.ts';

export interface SessionParts {
  readonly id: string;
  /** The id of the visit (the connection) that it belongs to. */
  readonly visit: string;
  readonly label: string | undefined;
  readonly language: LanguageId | undefined;
  readonly runtime: string;
  /** Why this one, in words for people. */
  readonly runtimeReason?: string | undefined;
  /** Whether its sandbox was prepared in advance. */
  readonly warm?: boolean;
  readonly sandbox: Sandbox;
  readonly limits: Limits;
  /** undefined: its programs reach nothing. */
  readonly network?: SessionNetwork | undefined;
  readonly env: Environment;
  /** undefined: it has none. */
  readonly secrets?: Secrets | undefined;
  /** Makes another sandbox like its own, without its folder, which belongs to the caller. Absent: that can't be done. */
  sibling?(packages: SandboxSpec['packages'], context: CreateContext): Promise<Sandbox>;
  readonly idleTimeoutMs: number;
  readonly maxLifetimeMs: number;
  readonly clock: Clock;
  readonly log: Log;
  /** Shared by all sessions of the daemon. */
  readonly turns: Turns;
  /** Receives an event for every change of state. */
  readonly events: EventStream;
}

/** Something that runs in a session and must end before the session closes. */
export interface Running {
  /** Ends it, because the session closes for this reason. Its result is still sent. */
  end(reason: CloseReason): void;
  readonly done: Promise<unknown>;
}

/** A session that closes waits at most this long for what runs in it. After that, callers get the error SessionClosed. */
const SETTLE_MS = 1_000;

export class Session {
  readonly id: string;
  readonly sandbox: Sandbox;
  readonly environment: SessionEnvironment;
  readonly afterwards = new Afterwards();
  readonly language: LanguageId | undefined;
  readonly identity: SessionIdentity;
  readonly #parts: SessionParts;
  readonly #lifespan: Lifespan;
  readonly #limits: HeldLimits;
  readonly #queue = new Sequence();
  readonly #running = new Set<Running>();
  /** The results for which the callers of `command` are waiting. */
  readonly #awaited = new Set<Pick<Deferred<never>, 'reject'>>();
  #hadProgram = false;
  #state: SessionState = 'ready';
  #reason: CloseReason | undefined;
  #closing: Promise<void> | undefined;
  readonly #closed = deferred();
  #commandCount = 0;
  #usage: CommandUsage = { cpuMs: 0, peakMemoryBytes: 0 };

  constructor(parts: SessionParts) {
    this.#parts = parts;
    this.id = parts.id;
    this.sandbox = parts.sandbox;
    this.#limits = new HeldLimits(parts);
    this.environment = new SessionEnvironment(parts.env, parts.network?.env, parts.secrets);
    this.language = parts.language;
    const { id: sessionId, visit, runtime, language, warm = false } = parts;
    this.identity = { visit, sessionId, runtime, language, warm };
    this.#lifespan = new Lifespan({ ...parts, over: (reason) => this.#end(reason) });
    void parts.sandbox.lost.then((why) => {
      parts.log.info(`the sandbox of session ${parts.id} was lost: ${why}`);
      this.#end('sandboxLost');
    });
    this.#tell('ready');
  }

  get state(): SessionState {
    return this.#state;
  }

  get limits(): Limits {
    return this.#limits.now;
  }

  /** Resolves when the session is closed and its listeners have been told. */
  get closed(): Promise<void> {
    return this.#closed.promise;
  }

  /** Why it is closing or closed; undefined while it is open. */
  get reason(): CloseReason | undefined {
    return this.#reason;
  }

  /** The variables of every program that begins now. */
  get env(): Environment {
    return this.environment.all;
  }

  /** Milliseconds that it may still live; Infinity: it has no maximum. */
  get mayLiveMs(): number {
    return this.#lifespan.bounds.maxLifetimeMs || Infinity;
  }

  /** Makes another sandbox like its own, which the caller closes. @throws ProtocolError as `Runtime.create` */
  sibling(packages: SandboxSpec['packages'], context: CreateContext): Promise<Sandbox> {
    return this.#parts.sibling?.(packages, context) ?? cannot('have another one beside it');
  }

  /**
   * Calls `begin` when the commands before this one let it, and when it is this session's turn among all sessions.
   * The next command of the session may begin when `begin` calls `started`, or, if it never does so, when its promise
   * settles. Until that promise settles the session is busy. If `instead` resolves while the command waits, that is the
   * result, and `begin` is never called.
   * @throws ProtocolError SessionClosed
   */
  async command<T>(begin: (started: () => void) => Promise<T>, instead?: Promise<T>): Promise<T> {
    this.#requireOpen();
    this.#enter();
    const result = deferred<T>();
    this.#awaited.add(result);
    let begun = false;
    let dropped = false;
    const isDropped = () => dropped;
    void instead?.then((value) => {
      dropped = !begun;
      if (dropped) result.resolve(value);
    });
    try {
      void this.#queue.run(async () => {
        if (isDropped()) return;
        const started = deferred();
        const endTurn = await this.#parts.turns.take();
        if (isDropped()) return endTurn();
        begun = true;
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

  /**
   * Holds it to limits and times that are not above its own, and to what its network may still reach. Resolves with the
   * limits that its sandbox can't be held to, and keeps.
   */
  narrow(limits: Limits, times: Pick<SessionParts, 'idleTimeoutMs' | 'maxLifetimeMs'>): Promise<(keyof Limits)[]> {
    this.#parts.network?.recheck();
    this.#lifespan.narrow(times);
    return this.#limits.narrow(limits);
  }

  /**
   * Runs a task of the daemon in the sandbox, for example cleaning up after a command. The next command begins after
   * it. The answer of the command that is running now is sent first, and does not wait for the task.
   */
  tidy(task: () => Promise<void>): void {
    void this.#queue.run(async () => {
      await nextLoopIteration();
      await task();
    });
  }

  /** If the session closes before `running.done` settles, it ends `running` and waits for it. */
  track(running: Running): void {
    this.#running.add(running);
    void running.done.catch(() => undefined).finally(() => this.#running.delete(running));
    if (this.#reason) running.end(this.#reason);
  }

  /** Counts an execution, and returns whether it is the first one in this session. */
  countProgram(): boolean {
    const first = !this.#hadProgram;
    this.#hadProgram = true;
    return first;
  }

  account(usage: CommandUsage | undefined): void {
    if (!usage) return;
    const { cpuMs, peakMemoryBytes } = this.#usage;
    this.#usage = { cpuMs: cpuMs + usage.cpuMs, peakMemoryBytes: Math.max(peakMemoryBytes, usage.peakMemoryBytes) };
  }

  view(): SessionView {
    const { label, language, runtime, runtimeReason, network } = this.#parts;
    const { image, isolation } = this.sandbox;
    return {
      sessionId: this.id,
      ...(label === undefined ? {} : { label }),
      ...(language === undefined ? {} : { language }),
      runtime,
      ...(runtimeReason === undefined ? {} : { runtimeReason }),
      ...(image === undefined ? {} : { image }),
      state: this.#state,
      warm: this.#parts.warm ?? false,
      workspace: '/workspace',
      ...this.#lifespan.times(),
      ...this.#lifespan.bounds,
      limits: this.limits,
      network: network?.view() ?? { mode: 'none' },
      isolation: withNetwork(isolation, network),
      commandCount: this.#commandCount,
      usage: this.#usage,
    };
  }

  /** Ends everything that runs and removes the sandbox. Idempotent; the reason of the first call counts. */
  close(reason: CloseReason): Promise<void> {
    this.#closing ??= this.#close(reason);
    return this.#closing;
  }

  /** Closes the session without a caller who waits for that. */
  #end(reason: CloseReason): void {
    this.close(reason).catch((fault: unknown) => {
      const { log } = this.#parts;
      // If the runtime is gone, the sandbox is gone too, or its lease will remove it.
      const gone = reason === 'sandboxLost' && fault instanceof ProtocolError && fault.kind === 'RuntimeUnavailable';
      if (gone) log.info('a sandbox was lost together with its runtime', fault);
      else log.error('a sandbox could not be removed', fault);
    });
  }

  /** Whatever fails on the way, the session is closed in the end, and no caller waits for it any more. */
  async #close(reason: CloseReason): Promise<void> {
    this.#reason = reason;
    this.#lifespan.end();
    this.#setState('closing', reason);
    const ending = [...this.#running];
    for (const running of ending) running.end(reason);
    this.#parts.network?.close();
    await this.afterwards.end(this.#parts.clock);
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
    await within(this.#parts.clock, SETTLE_MS, Promise.allSettled(ending.map(({ done }) => done)));
  }

  #requireOpen(): void {
    if (this.#reason) throw sessionClosed(this.id, this.#reason);
  }

  #enter(): void {
    this.#commandCount++;
    if (this.#lifespan.enter() && this.#state === 'ready') this.#setState('busy');
  }

  #leave(): void {
    if (this.#lifespan.leave() && this.#state === 'busy') this.#setState('ready');
  }

  #setState(state: SessionState, reason?: CloseReason): void {
    this.#state = state;
    this.#tell(state, reason);
  }

  #tell(state: SessionState, reason?: CloseReason): void {
    this.#parts.events.emit({ kind: 'sessionChanged', session: this.identity, state, reason });
  }
}

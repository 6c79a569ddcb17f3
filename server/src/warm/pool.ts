/**
 * The pool of sandboxes that are prepared in advance. Each is used once and never returned. It is given to a request
 * with the same specification, or, if its limits can be changed, to a request that differs only in its limits. How
 * many wait is configured, or follows demand: up to a few for each specification that was asked for lately.
 */
import { randomBytes } from 'node:crypto';
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { closeAll } from '../base/promises.ts';
import type { AdjustableLimits, CreateContext, Runtime, Sandbox, SandboxSpec } from '../runtime/ports.ts';

/** The specification of a sandbox in the pool, without what is only known when a session is created. */
export type PoolSpec = Omit<SandboxSpec, 'name' | 'workspace'>;

export interface WarmSandbox<T> {
  /** The id that the session with this sandbox must have. */
  readonly sessionId: string;
  readonly sandbox: Sandbox;
  /** What `prepare` made in it. */
  readonly extra: T | undefined;
}

export interface PoolOptions<T> {
  readonly clock: Clock;
  readonly log: Log;
  /** How many sandboxes should always wait, according to the configuration; undefined if demand alone decides. */
  size(runtime: string, spec: PoolSpec): number | undefined;
  /** Whether what `prepare` made in a sandbox can still be used with these limits. */
  adjustable(limits: AdjustableLimits): boolean;
  /** Prepares something in a new sandbox. If it rejects, the sandbox is used without it. */
  prepare(sandbox: Sandbox, spec: PoolSpec): Promise<T | undefined>;
}

/** How many sandboxes wait at most, of all specifications together. */
export const MAX_WARM = 8;
/** How many wait at most because of demand, of each specification. */
const MAX_BY_DEMAND = 3;
/** How long a request counts as demand. */
const DEMAND_MS = 5 * 60_000;
/** How long the pool waits before it creates a sandbox, so that it does not slow down whatever else is going on. */
const FILL_AFTER_MS = 100;
/** After a sandbox could not be created, the pool waits this long before it tries again with the same runtime. */
const FAILED_MS = 60_000;

/** The waiting sandboxes with one specification. */
interface Shelf<T> {
  readonly runtime: Runtime;
  readonly spec: PoolSpec;
  readonly waiting: WarmSandbox<T>[];
  /** The times of the latest requests, by the monotonic clock. */
  demand: number[];
  failedAt: number;
}

export class SandboxPool<T> {
  readonly #options: PoolOptions<T>;
  readonly #shelves = new Map<string, Shelf<T>>();
  readonly #making = new Set<Promise<void>>();
  readonly #closing = new AbortController();
  #busy = 0;
  #cancelFill: (() => void) | undefined;
  #cancelShrink: (() => void) | undefined;

  constructor(options: PoolOptions<T>) {
    this.#options = options;
  }

  /**
   * Resolves with a waiting sandbox, or with undefined if there is none. In both cases the request counts as demand.
   * The sandbox has been checked: it works, and nothing has run in it.
   */
  async take(runtime: Runtime, spec: PoolSpec): Promise<WarmSandbox<T> | undefined> {
    const shelf = this.expect(runtime, spec);
    shelf.demand.push(this.#options.clock.monotonic());
    this.#fillLater();
    return (await this.#takeFrom(shelf)) ?? this.#takeAdjusted(shelf);
  }

  async #takeFrom({ waiting }: Shelf<T>): Promise<WarmSandbox<T> | undefined> {
    for (let warm = waiting.shift(); warm; warm = waiting.shift()) {
      if (await this.#isPristine(warm.sandbox)) return warm;
      this.#discard(warm);
    }
    return undefined;
  }

  /** Takes a sandbox that was prepared with other limits, and changes its limits. */
  async #takeAdjusted({ runtime, spec }: Shelf<T>): Promise<WarmSandbox<T> | undefined> {
    if (!this.#options.adjustable(spec.limits)) return undefined;
    const key = keyOf(runtime, spec, {});
    const shelves = [...this.#shelves.values()].filter((each) => each.waiting[0]?.sandbox.can.adjust && keyOf(each.runtime, each.spec, {}) === key);
    for (const shelf of shelves) {
      const warm = await this.#takeFrom(shelf);
      if (!warm) continue;
      try {
        await warm.sandbox.adjust(spec.limits);
        return warm;
      } catch (fault) {
        this.#options.log.debug('the limits of a waiting sandbox could not be changed', fault);
        this.#discard(warm);
      }
    }
    return undefined;
  }

  /** How many sandboxes of each runtime wait. A runtime for which none are wanted is left out. */
  waiting(): ReadonlyMap<string, number> {
    const found = new Map<string, number>();
    for (const { runtime: { id }, waiting } of this.#shelves.values()) found.set(id, (found.get(id) ?? 0) + waiting.length);
    return found;
  }

  /** The runtimes for which a sandbox is wanted, and could not be made the last time. */
  failing(): string[] {
    const now = this.#options.clock.monotonic();
    const failed = [...this.#shelves.values()].filter((shelf) => now - shelf.failedAt < FAILED_MS && shelf.waiting.length < this.#target(shelf));
    return [...new Set(failed.map(({ runtime: { id } }) => id))];
  }

  /** While `promise` is pending, no sandbox is prepared, because a client is waiting for that promise. Settles as it does. */
  async yielding<R>(promise: Promise<R>): Promise<R> {
    this.#busy++;
    try {
      return await promise;
    } finally {
      this.#busy--;
      this.#fillLater();
    }
  }

  /** Makes the specification known to the pool, which then prepares as many sandboxes as are configured for it. */
  expect(runtime: Runtime, spec: PoolSpec): Shelf<T> {
    const { memoryBytes, cpus, pids } = spec.limits;
    const key = keyOf(runtime, spec, { memoryBytes, cpus, pids });
    let shelf = this.#shelves.get(key);
    if (!shelf) {
      shelf = { runtime, spec, waiting: [], demand: [], failedAt: -Infinity };
      this.#shelves.set(key, shelf);
      this.#fillLater();
    }
    return shelf;
  }

  /**
   * Removes all waiting sandboxes, so that the host has room for one that a client waits for. Resolves with whether there
   * were any. It must be called while `yielding` waits, because otherwise the pool would fill again.
   */
  async giveWay(): Promise<boolean> {
    await Promise.all(this.#making);
    const all = [...this.#shelves.values()].flatMap(({ waiting }) => waiting.splice(0));
    await closeAll(all.map(({ sandbox }) => sandbox.close()), 'some waiting sandboxes could not be removed');
    return all.length > 0;
  }

  async close(): Promise<void> {
    this.#closing.abort(new Error('the pool is closing'));
    this.#cancelFill?.();
    this.#cancelShrink?.();
    await this.giveWay();
  }

  #fillLater(): void {
    if (this.#closing.signal.aborted || this.#busy > 0) return;
    this.#cancelFill ??= this.#options.clock.after(FILL_AFTER_MS, () => {
      this.#cancelFill = undefined;
      this.#fill();
    });
  }

  /** Prepares one sandbox at a time, so that clients share the machine with at most one of them. */
  #fill(): void {
    if (this.#closing.signal.aborted || this.#busy > 0 || this.#making.size > 0) return;
    this.#shrink();
    const shelves = [...this.#shelves.values()];
    if (shelves.reduce((sum, { waiting }) => sum + waiting.length, 0) >= MAX_WARM) return;
    const short = shelves.find((shelf) => shelf.waiting.length < this.#target(shelf) && this.#mayTry(shelf));
    if (!short) return;
    const making = this.#make(short).finally(() => {
      this.#making.delete(making);
      this.#fillLater();
    });
    this.#making.add(making);
  }

  async #make({ runtime, spec, waiting }: Shelf<T>): Promise<void> {
    const { clock, log, prepare } = this.#options;
    const sessionId = randomBytes(8).toString('hex');
    const context: CreateContext = { signal: this.#closing.signal, report: () => undefined };
    try {
      const sandbox = await runtime.create({ ...spec, name: sessionId, workspace: undefined }, context);
      const extra = await prepare(sandbox, spec).catch((fault: unknown) => void log.debug('a sandbox could not be prepared completely', fault));
      const warm: WarmSandbox<T> = { sessionId, sandbox, extra: extra ?? undefined };
      waiting.push(warm);
      void sandbox.lost.then(() => {
        const at = waiting.indexOf(warm);
        if (at >= 0) waiting.splice(at, 1);
        this.#fillLater();
      });
    } catch (fault) {
      if (this.#closing.signal.aborted) return;
      log.debug(`a ${runtime.id} sandbox could not be prepared in advance`, fault);
      for (const shelf of this.#shelves.values()) if (shelf.runtime === runtime) shelf.failedAt = clock.monotonic();
    }
  }

  #mayTry({ runtime, spec, failedAt }: Shelf<T>): boolean {
    return runtime.info().available && runtime.prepared(spec.language, spec.image) && this.#options.clock.monotonic() - failedAt >= FAILED_MS;
  }

  #target(shelf: Shelf<T>): number {
    const since = this.#options.clock.monotonic() - DEMAND_MS;
    shelf.demand = shelf.demand.filter((at) => at >= since).slice(-MAX_BY_DEMAND);
    const configured = this.#options.size(shelf.runtime.id, shelf.spec) ?? 0;
    return Math.max(configured, Math.min(MAX_BY_DEMAND, shelf.demand.length));
  }

  /** Removes sandboxes for which there is no demand any more, and sets a timer for the next check. */
  #shrink(): void {
    for (const [key, shelf] of this.#shelves) {
      const target = this.#target(shelf);
      for (const warm of shelf.waiting.splice(target)) this.#discard(warm);
      if (target === 0) this.#shelves.delete(key);
    }
    this.#cancelShrink?.();
    const waits = [...this.#shelves.values()].some(({ waiting, demand }) => waiting.length > 0 && demand.length > 0);
    this.#cancelShrink = waits ? this.#options.clock.after(DEMAND_MS, () => this.#fill()) : undefined;
  }

  async #isPristine(sandbox: Sandbox): Promise<boolean> {
    return sandbox.can.tellPristine ? sandbox.isPristine().catch(() => false) : true;
  }

  #discard({ sandbox }: WarmSandbox<T>): void {
    sandbox.close().catch((fault: unknown) => this.#options.log.warn('a waiting sandbox could not be removed', fault));
  }
}

/**
 * A key of everything that two sandboxes must have in common. The limits of output and time are left out, because they
 * are enforced by the daemon and not by the sandbox.
 */
function keyOf({ id }: Runtime, { language, image, limits }: PoolSpec, adjustable: Partial<AdjustableLimits>): string {
  return JSON.stringify([id, language, image, limits.diskBytes, adjustable]);
}

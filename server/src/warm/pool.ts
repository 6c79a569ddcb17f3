/**
 * Sandboxes made ahead: pristine, used once, never returned. A sandbox is for whoever asks for what it was made for, or
 * for other limits only, where it can be held to those. How many wait is configured, or follows demand: as many as were asked for lately, up to a few; none after a while.
 */
import { randomBytes } from 'node:crypto';
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { closeAll } from '../base/promises.ts';
import type { AdjustableLimits, CreateContext, Runtime, Sandbox, SandboxSpec } from '../runtime/ports.ts';

/** What a sandbox is made for; it can't be changed later. */
export type PoolSpec = Omit<SandboxSpec, 'name' | 'workspace'>;

export interface Warm<T> {
  readonly sessionId: string;
  readonly sandbox: Sandbox;
  /** What was prepared in it besides. */
  readonly extra: T | undefined;
}

export interface PoolOptions<T> {
  readonly clock: Clock;
  readonly log: Log;
  /** How many are to wait at any time, by configuration; undefined where demand alone decides. */
  size(runtime: string, spec: PoolSpec): number | undefined;
  /** Whether what is ready in a sandbox will do with these limits as well. */
  adjustable(limits: AdjustableLimits): boolean;
  /** Something to have ready in a new sandbox. What it rejects with costs nothing but itself. */
  prepare(sandbox: Sandbox, spec: PoolSpec): Promise<T | undefined>;
}

/** At any time, of all kinds together. */
export const MAX_WARM = 8;
/** Of one kind, when nothing is configured. */
const MAX_BY_DEMAND = 3;
/** Demand is what was asked for within so long. */
const DEMAND_MS = 5 * 60_000;
/** Nobody who waits for something else is to be slowed down. */
const FILL_AFTER_MS = 100;
/** A kind that can't be made is not tried again before. */
const FAILED_MS = 60_000;

interface Shelf<T> {
  readonly runtime: Runtime;
  readonly spec: PoolSpec;
  readonly waiting: Warm<T>[];
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

  /** One that waits, or undefined. Either way there is demand. It has been looked at: it lives, and nobody has been in it. */
  async take(runtime: Runtime, spec: PoolSpec): Promise<Warm<T> | undefined> {
    const shelf = this.expect(runtime, spec);
    shelf.demand.push(this.#options.clock.monotonic());
    this.#fillLater();
    return (await this.#takeFrom(shelf)) ?? this.#takeAdjusted(shelf);
  }

  async #takeFrom({ waiting }: Shelf<T>): Promise<Warm<T> | undefined> {
    for (let warm = waiting.shift(); warm; warm = waiting.shift()) {
      if (await this.#isPristine(warm.sandbox)) return warm;
      this.#discard(warm);
    }
    return undefined;
  }

  /** One that waits for somebody with other limits, who gets another. */
  async #takeAdjusted({ runtime, spec }: Shelf<T>): Promise<Warm<T> | undefined> {
    if (!this.#options.adjustable(spec.limits)) return undefined;
    const kind = keyOf(runtime, spec, {});
    const shelves = [...this.#shelves.values()].filter((each) => each.waiting[0]?.sandbox.can.adjust && keyOf(each.runtime, each.spec, {}) === kind);
    for (const shelf of shelves) {
      const warm = await this.#takeFrom(shelf);
      if (!warm) continue;
      try {
        await warm.sandbox.adjust(spec.limits);
        return warm;
      } catch (fault) {
        this.#options.log.debug('a waiting sandbox could not be given other limits', fault);
        this.#discard(warm);
      }
    }
    return undefined;
  }

  /** Work that others wait for: as long as it goes on, nothing is made ahead. */
  async yielding<R>(work: Promise<R>): Promise<R> {
    this.#busy++;
    try {
      return await work;
    } finally {
      this.#busy--;
      this.#fillLater();
    }
  }

  /** Makes the kind known: what is configured for it begins to wait. */
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

  async close(): Promise<void> {
    this.#closing.abort(new Error('the pool is closing'));
    this.#cancelFill?.();
    this.#cancelShrink?.();
    await Promise.all(this.#making);
    const all = [...this.#shelves.values()].flatMap(({ waiting }) => waiting.splice(0));
    await closeAll(all.map(({ sandbox }) => sandbox.close()), 'some waiting sandboxes could not be removed');
  }

  #fillLater(): void {
    if (this.#closing.signal.aborted || this.#busy > 0) return;
    this.#cancelFill ??= this.#options.clock.after(FILL_AFTER_MS, () => {
      this.#cancelFill = undefined;
      this.#fill();
    });
  }

  /** One at a time: who asks meanwhile shares the machine with one of them at the most. */
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
      const extra = await prepare(sandbox, spec).catch((fault: unknown) => void log.debug('a sandbox is not fully prepared', fault));
      const warm: Warm<T> = { sessionId, sandbox, extra: extra ?? undefined };
      waiting.push(warm);
      void sandbox.lost.then(() => {
        const at = waiting.indexOf(warm);
        if (at >= 0) waiting.splice(at, 1);
        this.#fillLater();
      });
    } catch (fault) {
      if (this.#closing.signal.aborted) return;
      log.debug(`no ${runtime.id} sandbox could be made ahead`, fault);
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

  /** What nobody has asked for lately goes, and is forgotten; looked at again when the next demand grows old. */
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

  #discard({ sandbox }: Warm<T>): void {
    sandbox.close().catch((fault: unknown) => this.#options.log.warn('a waiting sandbox could not be removed', fault));
  }
}

/** What two sandboxes have in common that are the same but for their limits. Output and time are held by others. */
function keyOf({ id }: Runtime, { language, image, network, limits }: PoolSpec, adjustable: Partial<AdjustableLimits>): string {
  return JSON.stringify([id, language, image, network, limits.diskBytes, adjustable]);
}

/** Provides environments: from the shelf, or by installing them. At most a few are installed at once, and each only once at a time. */
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { abortable, closeAll, deferred } from '../base/promises.ts';
import { ProtocolError } from '../protocol/index.ts';
import { inWords } from './full-disk.ts';
import type { Advise, Advisory, Manager, Registries } from './ports.ts';
import { install, type Made, type Plan, type Runner } from './installation.ts';
import type { Measured } from './shelf/measure.ts';
import type { EnvironmentRecord } from './shelf/records.ts';
import type { Shelf } from './shelf/shelf.ts';
import { Verdicts } from './verdicts.ts';

export interface InstallerOptions {
  readonly shelf: Shelf;
  readonly managers: readonly Manager[];
  readonly registries: Registries;
  /** The most that everything on the shelf may take. */
  readonly cacheBytes: number;
  readonly clock: Clock;
  readonly log: Log;
  measure(path: string, signal: AbortSignal): Promise<Measured>;
  /** As in `InstallationParts`. */
  readonly advise?: Advise | undefined;
  readonly judge: ((advisories: readonly Advisory[]) => void) | undefined;
}

export interface Provided extends Made {
  /** Whether it had been installed before. */
  readonly cached: boolean;
}

/** So many installations run at once, besides those in the background; others wait. */
const AT_ONCE = 2;
/** What is not locked is installed anew when it is older than this, so that newer versions come. */
const UNLOCKED_MS = 7 * 24 * 3_600_000;

export class Installer {
  readonly options: InstallerOptions;
  readonly #running = new Map<string, Promise<unknown>>();
  /** How many of them are in the background. */
  #background = 0;
  readonly #closing = new AbortController();
  readonly #verdicts: Verdicts;
  #pruning: Promise<unknown> = Promise.resolve();

  constructor(options: InstallerOptions) {
    this.options = options;
    this.#verdicts = new Verdicts({ ...options, advise: options.advise, closing: this.#closing.signal });
  }

  /**
   * Resolves with undefined where a program of the manager failed.
   * @throws ProtocolError DiskFull, and as `install`; the reason of the runner's signal
   */
  async provide(plan: Plan, runner: Runner): Promise<Provided | undefined> {
    try {
      return await this.#provide(plan, runner);
    } catch (fault) {
      throw inWords(fault);
    }
  }

  async #provide(plan: Plan, runner: Runner): Promise<Provided | undefined> {
    const signal = AbortSignal.any([runner.signal, this.#closing.signal]);
    let before: EnvironmentRecord | undefined;
    for (;;) {
      signal.throwIfAborted();
      const record = await this.options.shelf.find(plan.key, { until: plan.until, maxAgeMs: UNLOCKED_MS });
      const found = record && (await this.#judged(record, plan, signal));
      if (found) return found;
      before = record ?? before;
      const other = this.#running.get(plan.key);
      if (!other && (plan.background || this.#running.size - this.#background < AT_ONCE)) return this.#install({ ...plan, before }, { ...runner, signal });
      runner.report(other ? 'waiting for another session, which installs the same' : 'waiting for other installations');
      await abortable(signal, other ?? Promise.race(this.#running.values()));
    }
  }

  /**
   * What comes from the cache is judged as what was just installed. undefined: it has weaknesses that are not allowed, and an
   * installation may bring another version.
   * @throws ProtocolError PolicyDenied; the reason of `signal`
   */
  async #judged(record: EnvironmentRecord, { manager, wish }: Plan, signal: AbortSignal): Promise<Provided | undefined> {
    const { judge, shelf } = this.options;
    try {
      const advisories = judge ? await this.#verdicts.of(record, signal) : record.audit?.advisories;
      if (advisories) judge?.(advisories);
      return { record, advisories, cached: true };
    } catch (fault) {
      await shelf.release(record);
      if (!isDenied(fault) || manager.isLocked(wish)) throw fault;
      return undefined;
    }
  }

  async #install(plan: Plan, runner: Runner): Promise<Provided | undefined> {
    const { shelf, clock, measure, advise, judge } = this.options;
    const done = deferred();
    this.#running.set(plan.key, done.promise);
    if (plan.background) this.#background++;
    try {
      const made = await install(plan, runner, { shelf, clock, measure, advise, judge });
      if (made) this.#prune();
      return made && { ...made, cached: false };
    } finally {
      this.#running.delete(plan.key);
      if (plan.background) this.#background--;
      done.resolve();
    }
  }

  /** In the background: nobody waits for room on the shelf. */
  #prune(): void {
    const { shelf, cacheBytes, log } = this.options;
    this.#pruning = this.#pruning.then(() => shelf.prune(cacheBytes)).catch((fault: unknown) => log.warn('old packages could not be removed from the cache', fault));
  }

  /** Ends what is being installed. */
  async close(): Promise<void> {
    this.#closing.abort(new ProtocolError('RequestCancelled', 'the daemon is shutting down'));
    await closeAll([...this.#running.values(), this.#pruning], 'some installations could not be ended');
    await this.options.shelf.close();
  }
}

function isDenied(fault: unknown): boolean {
  return fault instanceof ProtocolError && fault.kind === 'PolicyDenied';
}

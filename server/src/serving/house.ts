/**
 * The house: what all connections of a daemon share, because they belong to the same user. That is the pool of prepared
 * sandboxes, the turns of commands, the number of sessions, what is used, and the listeners that are not about one client. It is
 * created once, when the first `initialize` has been answered.
 */
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { closeAll } from '../base/promises.ts';
import type { Ahead } from '../packages/ahead.ts';
import { History } from '../history/history.ts';
import type { Installer } from '../packages/installer.ts';
import { historyPolicy } from '../policy/history.ts';
import type { TextScanner } from '../scan/scanner.ts';
import type { SandboxSpec } from '../runtime/ports.ts';
import type { WarmInterpreter } from '../warm/interpreter.ts';
import { Places } from '../session/places.ts';
import type { SandboxPool } from '../warm/pool.ts';
import { Turns } from '../session/turns.ts';
import { LoopWatch } from '../metrics/loop.ts';
import { Metrics } from '../metrics/metrics.ts';
import { Journal } from '../usage/journal.ts';
import { Ledger } from '../usage/ledger.ts';
import type { OpenSessions } from '../usage/open-sessions.ts';
import { Runs } from '../usage/runs.ts';
import { Drain } from './drain.ts';
import { Health } from './health/health.ts';
import { Lines } from './line/lines.ts';
import { measureRuntimes } from './listeners/measure.ts';
import type { HouseParts, HouseShare, VisitParts } from './parts.ts';
import { Visit } from './visit.ts';
import { createPool } from '../warm/wanted.ts';

/**
 * How many commands may begin at the same time, for each processor core. With fewer, cores would be idle while the daemon
 * answers; with more, commands and the daemon itself would wait for a core.
 */
const COMMANDS_A_CORE = 2;
/** The minimum on any machine, because a container engine on another machine has cores of its own. */
const MIN_AT_ONCE = 4;

export class House implements HouseShare {
  readonly parts: HouseParts;
  readonly pool: SandboxPool<WarmInterpreter> | undefined;
  readonly turns: Turns;
  readonly places: Places;
  readonly draining: Drain;
  readonly lines = new Lines();
  readonly ledger: Ledger;
  readonly runs: Runs;
  readonly history: History | undefined;
  readonly asked: HouseShare['asked'] = new WeakMap();
  readonly metrics: Metrics;
  readonly health: Health;
  readonly scanner: HouseShare['scanner'];
  /** One for each of those who ask, because each is told of the time since it asked before. */
  readonly #loops: { readonly metrics: LoopWatch; readonly health: LoopWatch };
  readonly #stopMeasuring: () => void;
  #installer: Promise<Installer> | undefined;
  #scanner: Promise<TextScanner> | undefined;
  #openSessions: Promise<OpenSessions> | undefined;
  /** What installs ahead. undefined: nothing does, or no client has come. */
  #ahead: Promise<Ahead> | undefined;
  readonly #visits = new Set<Visit>();
  #received = 0;

  constructor(parts: HouseParts) {
    const { policy, catalog, events, audit, clock, log, usageFolder, history } = parts;
    this.parts = parts;
    this.pool = createPool(policy, clock, log.child('pool'));
    this.turns = new Turns({ atOnce: Math.max(MIN_AT_ONCE, COMMANDS_A_CORE * availableParallelism()), clock });
    this.draining = new Drain(clock);
    this.places = new Places(policy.sessions.max);
    this.ledger = new Ledger({ events, clock, log: log.child('usage'), journal: usageFolder === undefined ? undefined : new Journal(usageFolder) });
    this.runs = new Runs({ folder: usageFolder === undefined ? undefined : join(usageFolder, 'runs'), clock, log: log.child('usage') });
    this.history = history && new History({ folder: history.folder, policy: historyPolicy(history.config), clock, log: log.child('history') });
    const { scanner } = parts;
    this.scanner = scanner && (() => (this.#scanner ??= scanner()));
    this.#stopMeasuring = measureRuntimes(catalog, events);
    audit?.hear(events);
    this.#loops = { metrics: new LoopWatch(clock), health: new LoopWatch(clock) };
    this.health = this.#createHealth();
    this.metrics = this.#createMetrics();
  }

  openSessions(): Promise<OpenSessions> | undefined {
    return (this.#openSessions ??= this.parts.openSessions?.());
  }

  /** What installs packages. undefined: nothing does. */
  installer(): Promise<Installer> | undefined {
    return (this.#installer ??= this.parts.packages?.());
  }

  async shelf(): Promise<SandboxSpec['packages']> {
    try {
      const installer = await this.installer();
      return installer && { kind: 'shelf', path: await installer.options.shelf.path() };
    } catch (fault) {
      this.parts.log.warn('sandboxes see no packages, because the folder for them can not be made', fault);
      return undefined;
    }
  }

  /** Creates the visit of a client whose `initialize` has been answered. */
  receive(parts: VisitParts): Visit {
    this.#received++;
    this.#ahead ??= this.#installAhead();
    const visit: Visit = new Visit(`visit-${this.#received}`, this, { ...parts, left: () => void this.#visits.delete(visit) });
    this.#visits.add(visit);
    return visit;
  }

  #createHealth(): Health {
    const { catalog, clock, events, startedAt, configured = { required: [], named: [] }, folders = async () => [] } = this.parts;
    return new Health({
      clock, events, startedAt, configured, folders,
      runtimes: () => catalog.infos(),
      pool: () => this.pool && { waiting: [...this.pool.waiting().values()].reduce((sum, each) => sum + each, 0), failing: this.pool.failing() },
      sessions: () => this.places.taken,
      loop: () => this.#loops.health.read(),
      draining: () => this.draining.begun,
    });
  }

  #createMetrics(): Metrics {
    const { catalog, clock, events, log, version, process } = this.parts;
    return new Metrics({
      events, log: log.child('metrics'),
      sights: {
        version, process,
        now: () => clock.now(),
        runtimes: () => catalog.infos(),
        pool: () => this.pool?.waiting() ?? new Map<string, number>(),
        waiting: () => this.lines.waiting,
        used: () => this.ledger.own(),
        checks: async () => (await this.health.look()).checks,
        loop: () => this.#loops.metrics.read(),
      },
    });
  }

  #installAhead(): Promise<Ahead> | undefined {
    const { parts } = this;
    const { ahead = [], packages } = parts;
    if (ahead.length === 0 || !packages) return undefined;
    return import('./ahead.ts').then(({ installAhead }) => installAhead(ahead, () => this.installer() ?? packages(), parts));
  }

  /** The policy of the configuration was replaced: what narrows holds for every session that is open. */
  async renew(): Promise<void> {
    this.places.resize(this.parts.policy.sessions.max);
    await Promise.all([...this.#visits].map((visit) => visit.renew()));
  }

  /**
   * The daemon is about to end: it takes on nothing new, no session waits for its client any more, and what runs may take `deadlineMs` to end by itself, unless `hurry`
   * aborts before. Resolves with whether everything has; what has not is ended when its visit is closed.
   */
  async drain(deadlineMs: number, hurry: AbortSignal): Promise<boolean> {
    const { log } = this.parts;
    for (const visit of this.#visits) visit.warn(deadlineMs);
    this.pool?.close().catch((fault: unknown) => log.warn('the sandboxes that wait could not be removed', fault));
    this.lines.end().catch((fault: unknown) => log.warn('sessions that waited for their clients could not be closed', fault));
    const ended = await this.draining.begin(deadlineMs, hurry);
    log.info(ended ? 'nothing runs any more' : 'what still runs is ended now');
    return ended;
  }

  /** Removes every prepared sandbox, closes the sessions that wait for clients, and ends what is installed ahead. It does not close the visits. Idempotent. */
  async close(): Promise<void> {
    this.#stopMeasuring();
    this.health.close();
    this.metrics.close();
    for (const loop of Object.values(this.#loops)) loop.close();
    await this.lines.end().catch((fault: unknown) => this.parts.log.error('sessions that waited for their clients could not be closed', fault));
    await closeAll([this.ledger.save(), this.runs.save(), this.history?.save(), this.pool?.close(), this.#ahead?.then((ahead) => ahead.close()), this.#installer?.then((installer) => installer.close()), this.#scanner?.then((scanner) => scanner.close()), this.#openSessions?.then((sessions) => sessions.close())].map((each) => Promise.resolve(each)), 'not everything of the house could be closed');
  }
}

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
import { Journal } from '../usage/journal.ts';
import { Ledger } from '../usage/ledger.ts';
import { Runs } from '../usage/runs.ts';
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
  readonly ledger: Ledger;
  readonly runs: Runs;
  readonly history: History | undefined;
  readonly scanner: HouseShare['scanner'];
  readonly #stopMeasuring: () => void;
  #installer: Promise<Installer> | undefined;
  #scanner: Promise<TextScanner> | undefined;
  /** What installs ahead. undefined: nothing does, or no client has come. */
  #ahead: Promise<Ahead> | undefined;
  #visits = 0;

  constructor(parts: HouseParts) {
    const { policy, catalog, events, audit, clock, log, usageFolder, history } = parts;
    this.parts = parts;
    this.pool = createPool(policy, clock, log.child('pool'));
    this.turns = new Turns({ atOnce: Math.max(MIN_AT_ONCE, COMMANDS_A_CORE * availableParallelism()), clock });
    this.places = new Places(policy.sessions.max);
    this.ledger = new Ledger({ events, clock, log: log.child('usage'), journal: usageFolder === undefined ? undefined : new Journal(usageFolder) });
    this.runs = new Runs({ folder: usageFolder === undefined ? undefined : join(usageFolder, 'runs'), clock, log: log.child('usage') });
    this.history = history && new History({ folder: history.folder, policy: historyPolicy(history.config), clock, log: log.child('history') });
    const { scanner } = parts;
    this.scanner = scanner && (() => (this.#scanner ??= scanner()));
    this.#stopMeasuring = measureRuntimes(catalog, events);
    audit?.hear(events);
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
    this.#visits++;
    this.#ahead ??= this.#installAhead();
    return new Visit(`visit-${this.#visits}`, this, parts);
  }

  #installAhead(): Promise<Ahead> | undefined {
    const { parts } = this;
    const { ahead = [], packages } = parts;
    if (ahead.length === 0 || !packages) return undefined;
    return import('./ahead.ts').then(({ installAhead }) => installAhead(ahead, () => this.installer() ?? packages(), parts));
  }

  /** Removes every prepared sandbox, and ends what is installed ahead. It does not close the visits. Idempotent. */
  async close(): Promise<void> {
    this.#stopMeasuring();
    await closeAll([this.ledger.save(), this.runs.save(), this.history?.save(), this.pool?.close(), this.#ahead?.then((ahead) => ahead.close()), this.#installer?.then((installer) => installer.close()), this.#scanner?.then((scanner) => scanner.close())].map((each) => Promise.resolve(each)), 'not everything of the house could be closed');
  }
}

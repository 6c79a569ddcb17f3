/** The health of a daemon: checks with reasons, which fail and heal by themselves, and whether it is ready for work. */
import type { Clock } from '../../base/clock.ts';
import type { EventStream } from '../../events/events.ts';
import type { LoopDelay } from '../../metrics/look.ts';
import type { HealthResult, RuntimeInfo } from '../../protocol/index.ts';
import { FolderChecks, type OwnFolder } from './folders.ts';
import { type Check, runtimeCheck } from './runtimes.ts';

export interface HealthParts {
  readonly clock: Clock;
  readonly events: EventStream;
  /** When the daemon started, by the monotonic clock. */
  readonly startedAt: number;
  runtimes(): readonly RuntimeInfo[];
  readonly configured: ConfiguredRuntimes;
  /** The daemon's own folders, as far as it has them. */
  folders(): Promise<readonly OwnFolder[]>;
  /** How many prepared sandboxes wait, and for which runtimes none could be made lately. undefined: none are prepared. */
  pool(): { readonly waiting: number; readonly failing: readonly string[] } | undefined;
  sessions(): number;
  loop(): LoopDelay;
  /** Whether the daemon is about to end, and takes on nothing new. */
  draining(): boolean;
}

/** The ids of runtimes. */
export interface ConfiguredRuntimes {
  /** Without these the daemon does not do what it is configured to. */
  readonly required: readonly string[];
  /** These are missed only if they were there before: a configuration may serve several machines. */
  readonly named: readonly string[];
}

export interface Readiness {
  readonly ok: boolean;
  /** In words for a person. */
  readonly reasons: readonly string[];
}

/** An event loop that is later than this at half of the looks answers nobody in time. */
const LATE_MS = 250;

export class Health {
  readonly #parts: HealthParts;
  readonly #folders = new FolderChecks();
  /** The runtimes that made a session of this daemon. */
  readonly #used = new Set<string>();
  /** Those that were available once. */
  readonly #seen = new Set<string>();
  readonly #stop: () => void;

  constructor(parts: HealthParts) {
    this.#parts = parts;
    this.#see(parts.runtimes());
    this.#stop = parts.events.listen((event) => {
      if (event.kind === 'sessionMade') this.#used.add(event.session.runtime);
      else if (event.kind === 'runtimesChanged') this.#see(event.runtimes);
    });
  }

  /** `sessions`: how many are told of. */
  async look(sessions = this.#parts.sessions()): Promise<HealthResult> {
    const { runtimes, configured, folders, clock, startedAt } = this.#parts;
    const infos = runtimes();
    this.#see(infos);
    const { required, named } = configured;
    const missed = ({ id, available }: RuntimeInfo) => !available && (required.includes(id) || this.#used.has(id) || (named.includes(id) && this.#seen.has(id)));
    const checks = [
      ...infos.map((info) => runtimeCheck(info, missed(info))),
      ...(await Promise.all((await folders()).map((folder) => this.#folders.check(folder)))),
      ...this.#pool(),
      this.#loop(),
      this.#draining(),
      { name: 'sessions', status: 'ok' as const, detail: `${sessions} open` },
    ];
    const failed = infos.some(missed) || checks.some(({ name, status }) => status === 'degraded' && !name.startsWith('runtime.'));
    return {
      status: failed || !infos.some(({ available }) => available) ? 'degraded' : 'ok',
      checks,
      uptimeMs: Math.round(clock.monotonic() - startedAt),
    };
  }

  /** Whether new work is done as it should be. An open hole in a runtime is told by `look` and does not count here. */
  async ready(): Promise<Readiness> {
    const { status, checks } = await this.look();
    const none = this.#parts.runtimes().some(({ available }) => available) ? [] : ['no runtime is available'];
    return { ok: status === 'ok', reasons: status === 'ok' ? [] : [...none, ...checks.filter((each) => each.status === 'degraded').map(({ name, detail }) => `${name}: ${detail}`)] };
  }

  close(): void {
    this.#stop();
  }

  #see(infos: readonly RuntimeInfo[]): void {
    for (const { id, available } of infos) if (available) this.#seen.add(id);
  }

  #pool(): Check[] {
    const pool = this.#parts.pool();
    if (!pool) return [];
    const { waiting, failing } = pool;
    if (failing.length > 0) return [{ name: 'pool', status: 'degraded', detail: `no sandbox could be prepared in advance for ${failing.join(', ')}; it is tried again every minute` }];
    return [{ name: 'pool', status: 'ok', detail: `${waiting} waiting` }];
  }

  #loop(): Check {
    const { p50 } = this.#parts.loop();
    const name = 'eventLoop';
    return p50 < LATE_MS ? { name, status: 'ok' } : { name, status: 'degraded', detail: `the daemon is ${Math.round(p50)} ms late: the machine is overloaded` };
  }

  #draining(): Check {
    const name = 'draining';
    return this.#parts.draining() ? { name, status: 'degraded', detail: 'the daemon is shutting down and takes on nothing new' } : { name, status: 'ok' };
  }
}

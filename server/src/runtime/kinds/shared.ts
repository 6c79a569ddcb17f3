/** The parts that several kinds of runtimes use. They are made once for a daemon, and not before a kind is loaded. */
import { randomBytes } from 'node:crypto';
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { Config, LanguageId } from '../../protocol/index.ts';
import type { Entries, Section } from '../../state/section.ts';
import { Keeper } from '../machine/keeper.ts';
import { resolveEngine } from './docker/address.ts';
import { Engine } from './docker/engine.ts';
import { gatherFindings, type Findings } from './native/findings.ts';
import type { NativeOptions } from './native/runtime.ts';

export interface SharedOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  readonly hostname: string;
  readonly platform: NodeJS.Platform;
  readonly pid: number;
  readonly uid: number;
  readonly version: string;
  readonly clock: Clock;
  readonly log: Log;
  /** The command that starts this program, for the sweep after a sudden death. */
  readonly self: readonly string[];
  /** Whether a process with this id runs on this machine. */
  alive(pid: number): boolean;
  readonly docker: Config['docker'];
  /** The image for each language. */
  readonly images: Readonly<Partial<Record<LanguageId, string>>>;
  /** The entries of a section of the state file, which outlives the daemon. */
  entries<E>(section: Section<E>): Entries<E>;
}

export class SharedParts {
  readonly env: SharedOptions['env'];
  readonly clock: Clock;
  readonly log: Log;
  readonly images: SharedOptions['images'];
  /** Containers, and whatever else other programs make for this daemon, are labelled with it. */
  readonly daemonId: string;
  readonly keeper: Keeper;
  readonly engine: Engine;
  /** The version of this program. */
  readonly version: string;
  readonly #options: SharedOptions;
  #findings: Promise<Findings> | undefined;

  constructor(options: SharedOptions) {
    this.#options = options;
    const { env, home, hostname, platform, pid, version, clock, log, docker, images } = options;
    this.env = env;
    this.clock = clock;
    this.log = log;
    this.images = images;
    this.daemonId = `${hostname}.${pid}.${randomBytes(4).toString('hex')}`;
    this.keeper = new Keeper({ pid, log });
    this.engine = new Engine(resolveEngine({ configured: docker?.host, env, home, platform }), clock);
    this.version = version;
  }

  entries<E>(section: Section<E>): Entries<E> {
    return this.#options.entries(section);
  }

  /** The options of a runtime in bubblewrap, whose id is `id`. */
  confined(id: string): NativeOptions {
    return { findings: () => this.#find(), clock: this.clock, log: this.log.child(id) };
  }

  /**
   * From now on, if this daemon dies without `close`, the keeper has everything removed that carries its id. The lease of
   * a container is not enough for that: code inside can keep the container from ending by it.
   */
  sweepOnDeath(): Promise<void> {
    return this.keeper.onDeath([...this.#options.self, `--sweep=${this.daemonId}`]);
  }

  /** Whether the id belongs to a daemon of this machine that no longer runs. */
  isGone(daemonId: string): boolean {
    const { hostname, alive } = this.#options;
    const [, where, pid] = /^(.*)\.(\d+)\.[0-9a-f]+$/.exec(daemonId) ?? [];
    return where === hostname && !alive(Number(pid));
  }

  /** To be called when the runtimes have been closed. */
  async close(): Promise<void> {
    const found = await this.#findings?.catch(() => undefined);
    await found?.groups.close();
    await this.keeper.close();
  }

  /** Only a success is kept: what is missing now may be installed later. */
  #find(): Promise<Findings> {
    const { keeper, clock, env } = this;
    const { platform, uid, pid } = this.#options;
    this.#findings ??= gatherFindings({ keeper, clock, searchPath: env.PATH, platform, uid, group: `codebeaker-${pid}` }).catch((fault: unknown) => {
      this.#findings = undefined;
      throw fault;
    });
    return this.#findings;
  }
}

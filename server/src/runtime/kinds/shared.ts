/** The parts that several kinds of runtimes use. They are made once for a daemon, and not before a kind is loaded. */
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { Config, LanguageId } from '../../protocol/index.ts';
import type { Entries, Section } from '../../state/section.ts';
import { Keeper } from '../machine/keeper.ts';
import { resolveEngine } from './docker/address.ts';
import type { Credentials } from './docker/credentials.ts';
import { Engine } from './docker/engine.ts';
import { gatherFindings, type Findings } from './native/findings.ts';
import type { NativeOptions } from './native/runtime.ts';

export interface SharedOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  readonly hostname: string;
  readonly platform: NodeJS.Platform;
  readonly process: Pick<NodeJS.Process, 'pid' | 'kill'>;
  readonly uid: number;
  readonly version: string;
  readonly clock: Clock;
  readonly log: Log;
  /** The command that starts this program, for the sweep after a sudden death. */
  readonly self: readonly string[];
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

  /** Those of a command that makes no sandboxes, and looks after what daemons have left. */
  static toSweep(options: Omit<SharedOptions, 'images' | 'entries'>): SharedParts {
    return new SharedParts({ ...options, images: {}, entries: () => new Map() });
  }

  constructor(options: SharedOptions) {
    this.#options = options;
    const { env, home, hostname, platform, process, version, clock, log, docker, images } = options;
    this.env = env;
    this.clock = clock;
    this.log = log;
    this.images = images;
    this.keeper = new Keeper({ process, log });
    this.daemonId = `${hostname}/${this.keeper.name}`;
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

  /** As the docker command has them for the registry of an image. */
  async credentials(image: string, log: Log): Promise<Credentials | undefined> {
    const { env, keeper, clock } = this;
    const [{ credentialsFor }, { askHelper }] = await Promise.all([import('./docker/credentials.ts'), import('./docker/credential-helper.ts')]);
    return credentialsFor(image, { env, home: this.#options.home, log, ask: (name, input) => askHelper(name, input, { env, keeper, clock }) });
  }

  /** Resolves with a function that says whether an id belongs to a daemon that is surely dead. */
  async gone(): Promise<(daemonId: string) => boolean> {
    const strays = await this.keeper.strays();
    return (daemonId) => strays.has(daemonId.slice(daemonId.lastIndexOf('/') + 1));
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
    const { platform, uid } = this.#options;
    this.#findings ??= gatherFindings({ keeper, clock, searchPath: env.PATH, platform, uid, group: keeper.name }).catch((fault: unknown) => {
      this.#findings = undefined;
      throw fault;
    });
    return this.#findings;
  }
}

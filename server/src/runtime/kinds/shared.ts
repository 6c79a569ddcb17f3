/** What several kinds of runtime use together, made once for a daemon and not before one of them is loaded. */
import { randomBytes } from 'node:crypto';
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { Config, LanguageId } from '../../protocol/index.ts';
import type { Entries, Section } from '../../state/section.ts';
import { Fifos } from '../machine/fifos.ts';
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
  /** The command that starts this program. */
  readonly self: readonly string[];
  /** Whether a process of this machine is there. */
  alive(pid: number): boolean;
  readonly docker: Config['docker'];
  /** Which image runs which language. */
  readonly images: Readonly<Partial<Record<LanguageId, string>>>;
  /** What is remembered from one daemon to the next. */
  entries<E>(section: Section<E>): Entries<E>;
}

export class SharedParts {
  readonly env: SharedOptions['env'];
  readonly clock: Clock;
  readonly log: Log;
  readonly images: SharedOptions['images'];
  /** Everything that this daemon has somebody else make, such as containers, is labelled with it. */
  readonly daemonId: string;
  readonly keeper: Keeper;
  readonly fifos: Fifos;
  readonly engine: Engine;
  /** Of this program. */
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
    this.fifos = new Fifos(this.keeper);
    this.engine = new Engine(resolveEngine({ configured: docker?.host, env, home, platform }), clock);
    this.version = version;
  }

  entries<E>(section: Section<E>): Entries<E> {
    return this.#options.entries(section);
  }

  /** What a runtime in bubblewrap is made with. */
  confined(id: string): NativeOptions {
    return { findings: () => this.#find(), clock: this.clock, log: this.log.child(id) };
  }

  /** However this daemon ends, its keeper then has everything swept that carries its id: a container can keep its own lease from working, but not the keeper. */
  sweepOnDeath(): Promise<void> {
    return this.keeper.onDeath([...this.#options.self, `--sweep=${this.daemonId}`]);
  }

  /** Whether a daemon of this machine had this id and is there no more. */
  isGone(daemonId: string): boolean {
    const { hostname, alive } = this.#options;
    const [, where, pid] = /^(.*)\.(\d+)\.[0-9a-f]+$/.exec(daemonId) ?? [];
    return where === hostname && !alive(Number(pid));
  }

  /** After the runtimes. */
  async close(): Promise<void> {
    const found = await this.#findings?.catch(() => undefined);
    await found?.groups.close();
    await this.keeper.close();
  }

  /** What is missing may be installed while we run: only what was found is kept. */
  #find(): Promise<Findings> {
    const { keeper, fifos, clock, env } = this;
    const { platform, uid, pid } = this.#options;
    this.#findings ??= gatherFindings({ keeper, fifos, clock, searchPath: env.PATH, platform, uid, group: `codebeaker-${pid}` }).catch((fault: unknown) => {
      this.#findings = undefined;
      throw fault;
    });
    return this.#findings;
  }
}

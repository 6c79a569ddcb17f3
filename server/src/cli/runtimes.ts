/** The runtimes of a daemon, one for each row of the table. The code of a runtime is loaded when it is first needed. */
import type { Log } from '../base/log.ts';
import { ConfigError } from '../policy/config-file.ts';
import type { Config, LanguageId } from '../protocol/index.ts';
import { lateRuntime } from '../runtime/choice/late.ts';
import type { SharedParts } from '../runtime/kinds/shared.ts';
import { type Leftovers, leftoversOf, runtimeKinds, sweepLeftovers } from '../runtime/kinds/table.ts';
import type { Keeper } from '../runtime/machine/keeper.ts';
import type { Runtime } from '../runtime/ports.ts';
import type { Entries, Section } from '../state/section.ts';
import type { Surroundings } from './surroundings.ts';

export interface RuntimesOptions {
  readonly surroundings: Surroundings;
  readonly config: Config;
  /** The path of the configuration file, for messages. */
  readonly path: string;
  readonly images: Readonly<Partial<Record<LanguageId, string>>>;
  readonly log: Log;
  /** The entries of a section of the state file. */
  entries<E>(section: Section<E>): Entries<E>;
}

export interface Runtimes {
  readonly all: readonly Runtime[];
  /** The paths of the host that are never shared with a sandbox. */
  hidden(): Promise<readonly string[]>;
  keeper(): Promise<Keeper>;
  /** The daemon's folder for its sandboxes, once it has made one. */
  folder(): Promise<string | undefined>;
  /** Removes what daemons that have died left behind in available runtimes. Never rejects. */
  sweep(): Promise<void>;
  /** Removes everything that is left of this daemon. */
  close(): Promise<void>;
}

/** @throws ConfigError where the configuration gives a runtime an id that another one has, or names one that is not there */
export function checkRuntimes({ docker, pool = {} }: Config, path: string): void {
  const ids = runtimeKinds(docker).map(({ id }) => id);
  const twice = ids.find((id, at) => ids.indexOf(id) !== at);
  if (twice !== undefined) throw new ConfigError(`${path}: docker.runtimes.${twice}: a built-in runtime has this id; choose another one`);
  const unknown = Object.keys(pool).find((id) => !ids.includes(id));
  if (unknown !== undefined) throw new ConfigError(`${path}: pool.${unknown}: there is no such runtime; there are ${ids.join(', ')}`);
}

/** @throws ConfigError as `checkRuntimes` */
export function createRuntimes({ surroundings, config, path, images, log, entries }: RuntimesOptions): Runtimes {
  const { env, home } = surroundings;
  const { docker, stateDir, audit } = config;
  let loading: Promise<SharedParts> | undefined;
  const shared = () => (loading ??= import('../runtime/kinds/shared.ts').then((module) => new module.SharedParts({ ...surroundings, docker, images, log, entries })));
  const kinds = runtimeKinds(docker);
  checkRuntimes(config, path);
  const rows = kinds.map((kind) => ({ kind, runtime: lateRuntime(kind.id, kind.can, async () => kind.load(await shared())) }));
  return {
    all: rows.map(({ runtime }) => runtime),
    hidden: async () => {
      const [{ engine, keeper }, { hiddenPlaces }] = await Promise.all([shared(), import('../policy/hidden.ts')]);
      const places = hiddenPlaces({ env, home, stateFolder: stateDir, auditAnchor: audit?.anchor, engineSocket: engine.address.options.socketPath });
      return [...places, await keeper.folder()];
    },
    keeper: async () => (await shared()).keeper,
    folder: async () => (await loading)?.keeper.made(),
    sweep: async () => {
      const present = rows.filter(({ runtime }) => runtime.info().available).map(({ kind }) => kind);
      for (const leftovers of leftoversOf(present)) await sweepStrays(leftovers, await shared(), log);
    },
    close: async () => {
      await Promise.all(rows.map(({ runtime }) => runtime.close()));
      await (await loading)?.close();
    },
  };
}

async function sweepStrays(leftovers: Leftovers, shared: SharedParts, log: Log): Promise<void> {
  const { what } = leftovers;
  try {
    const removed = await sweepLeftovers(leftovers, shared, await shared.gone());
    if (removed > 0) log.info(`removed ${removed} ${what} of daemons that have died`);
  } catch (fault) {
    log.warn(`${what} of daemons that have died could not be removed`, fault);
  }
}

/** The parts of a daemon put together: configuration, policy, runtimes. The only place that knows all of them. */
import { appendFileSync } from 'node:fs';
import { createLog, type Log } from '../base/log.ts';
import { EventStream } from '../events/events.ts';
import type { House } from '../serving/house.ts';
import { createOpen, soleVisit } from '../serving/open.ts';
import type { HouseParts } from '../serving/parts.ts';
import type { Open } from '../wire/service.ts';
import { ConfigError, loadConfig } from '../policy/config-file.ts';
import { ownFolder } from '../policy/own-folder.ts';
import { createPolicy } from '../policy/policy.ts';
import type { Config } from '../protocol/index.ts';
import { Catalog } from '../runtime/choice/catalog.ts';
import { containerKinds } from '../runtime/kinds/docker/kinds.ts';
import { LateRuntime } from '../runtime/choice/late.ts';
import type { Runtime } from '../runtime/ports.ts';
import { remember } from './remember.ts';
import type { Runtimes } from './runtimes.ts';
import type { Surroundings } from './surroundings.ts';

export interface Daemon {
  /** For the one client of this daemon. */
  readonly open: Open;
  readonly runtimes: readonly Runtime[];
  readonly log: Log;
  readonly catalog: Catalog;
  /** For a daemon that stays: notices runtimes that come and go. */
  watch(): void;
  /** Removes whatever is left. */
  close(): Promise<void>;
}

/** @throws ConfigError */
export async function createDaemon(surroundings: Surroundings, configFlag: string | undefined): Promise<Daemon> {
  const { clock, env, home, version } = surroundings;
  const config = loadConfig({ flag: configFlag, env, home });
  const log = createLog(config.log?.level ?? 'warn', logWriter(config, surroundings));
  const policy = createPolicy(config);
  const stateFolder = config.stateDir ?? ownFolder('XDG_STATE_HOME', { env, home });
  const memory = remember({ folder: stateFolder, config, surroundings, log: log.child('state') });
  let loading: Promise<Runtimes> | undefined;
  const load = () => (loading ??= import('./runtimes.ts').then(({ createRuntimes }) => createRuntimes({ surroundings, config, images: policy.images, log, verdicts: memory.verdicts })));
  // Deno has terminals only where it runs in bubblewrap.
  const runtimes = runtimeIds(config).map((id) => new LateRuntime(id, id !== 'deno', async () => find(await load(), id)));
  const events = new EventStream(log.child('events'));
  const catalog = new Catalog({ runtimes, clock, events, memory });
  void catalog.known();
  // Nobody waits for it.
  void catalog.whenLooked().then(async () => (await load()).sweep());
  const parts: HouseParts = { policy, catalog, events, clock, log, version, startedAt: clock.monotonic(), hidden: async () => (await load()).hidden() };
  let housing: Promise<House> | undefined;
  const house = () => (housing ??= import('../serving/house.ts').then((loaded) => new loaded.House(parts)));
  const closeHouse = async () => (await housing)?.close();
  return {
    open: soleVisit(createOpen({ ...parts, house }), closeHouse),
    runtimes,
    catalog,
    log,
    watch: () => catalog.watch(),
    close: async () => {
      catalog.close();
      await closeHouse();
      await Promise.all(runtimes.map((runtime) => runtime.close()));
      await Promise.all([loading?.then((loaded) => loaded.close()), memory.close()]);
    },
  };
}

/** Of all that `createRuntimes` makes, in the same order. */
function runtimeIds({ docker }: Config): string[] {
  return [...containerKinds(docker).map(({ id }) => id), 'native', 'deno', 'bun'];
}

function find({ all }: Runtimes, id: string): Runtime {
  const found = all.find((runtime) => runtime.id === id);
  if (!found) throw new Error(`invariant: ${id} is a runtime`);
  return found;
}

/** @throws ConfigError where the log file can't be written */
function logWriter({ log }: Config, surroundings: Surroundings): (line: string) => void {
  const file = log?.file;
  if (file === undefined) return surroundings.writeLog;
  const append = (text: string) => appendFileSync(file, text, { mode: 0o600 });
  try {
    append('');
  } catch (fault) {
    throw new ConfigError(`log.file: ${file} can't be written: ${(fault as { code?: string }).code}`);
  }
  return (line) => append(`${line}\n`);
}

/** The parts of a daemon put together: configuration, policy, runtimes. The only place that knows all of them. */
import { randomBytes } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import type { Clock } from '../base/clock.ts';
import { createLog, type Log } from '../base/log.ts';
import { createOpen } from '../connection/open.ts';
import type { Open } from '../connection/service.ts';
import { ConfigError, loadConfig, ownFolder } from '../policy/config-file.ts';
import { hiddenPlaces } from '../policy/hidden.ts';
import { createPolicy } from '../policy/policy.ts';
import type { Config } from '../protocol/index.ts';
import { Catalog } from '../runtime/catalog.ts';
import { Engine } from '../runtime/docker/engine.ts';
import { resolveEngine } from '../runtime/docker/host.ts';
import { containerKinds } from '../runtime/docker/kinds.ts';
import { DockerRuntime } from '../runtime/docker/runtime.ts';
import type { Runtime } from '../runtime/ports.ts';
import { Fifos } from '../runtime/host/fifos.ts';
import { Keeper } from '../runtime/host/keeper.ts';
import { nativeRuntimes } from './native.ts';
import { remember } from './remember.ts';

/** What of the process a daemon may know. */
export interface Host {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  readonly hostname: string;
  readonly platform: NodeJS.Platform;
  readonly pid: number;
  /** -1 where there are none. */
  readonly uid: number;
  readonly clock: Clock;
  readonly version: string;
  /** The command that starts this program, for the sweep after a sudden death. */
  readonly self: readonly string[];
  alive(pid: number): boolean;
  writeLog(line: string): void;
}

export interface Daemon {
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
export async function createDaemon(host: Host, configFlag: string | undefined): Promise<Daemon> {
  const { clock, env, home } = host;
  const config = await loadConfig({ flag: configFlag, env, home });
  const log = createLog(config.log?.level ?? 'warn', logWriter(config, host));
  const policy = createPolicy(config);
  const daemonId = `${host.hostname}.${host.pid}.${randomBytes(4).toString('hex')}`;
  const keeper = new Keeper({ pid: host.pid, log });
  const fifos = new Fifos(keeper);
  const pipes = { keeper, fifos };
  const engine = createEngine(config, host);
  // The container's own lease may be stopped by what runs inside it: this one can't.
  const guard = () => keeper.onDeath([...host.self, `--sweep=${daemonId}`]);
  const containers = containerKinds(config.docker).map(
    (kind) => new DockerRuntime({ kind, engine, daemonId, images: policy.images, clock, log: log.child(kind.id), guard, pipes }),
  );
  const stateFolder = config.stateDir ?? ownFolder('XDG_STATE_HOME', { env, home });
  const memory = await remember({ folder: stateFolder, config, host, log: log.child('state') });
  const own = nativeRuntimes({ host, keeper, fifos, clock, log, verdicts: memory.verdicts });
  const runtimes = [...containers, ...own.runtimes];
  const catalog = new Catalog({ runtimes, clock, log: log.child('runtimes'), memory });
  void catalog.known();
  void catalog.whenLooked().then(() => sweepStrays(containers, host, log));
  const places = hiddenPlaces({ env, home, stateFolder: config.stateDir, engineSocket: engine.address.options.socketPath });
  return {
    open: createOpen({ policy, catalog, clock, log, version: host.version, hidden: async () => [...places, await keeper.folder()] }),
    runtimes,
    catalog,
    log,
    watch: () => catalog.watch(),
    close: async () => {
      catalog.close();
      await Promise.all(runtimes.map((runtime) => runtime.close()));
      await own.close();
      await Promise.all([keeper.close(), memory.close()]);
    },
  };
}

/** @throws ConfigError where the log file can't be written */
function logWriter({ log }: Config, host: Host): (line: string) => void {
  const file = log?.file;
  if (file === undefined) return host.writeLog;
  const append = (text: string) => appendFileSync(file, text, { mode: 0o600 });
  try {
    append('');
  } catch (fault) {
    throw new ConfigError(`log.file: ${file} can't be written: ${(fault as { code?: string }).code}`);
  }
  return (line) => append(`${line}\n`);
}

export function createEngine(config: Config, { env, home, platform, clock }: Host): Engine {
  return new Engine(resolveEngine({ configured: config.docker?.host, env, home, platform }), clock);
}

/** Containers of daemons of this machine that are gone, of whatever kind: any runtime of the engine's removes all. Nobody waits for it. */
async function sweepStrays(containers: readonly DockerRuntime[], host: Host, log: Log): Promise<void> {
  const able = containers.find((runtime) => runtime.info().available);
  if (!able) return;
  try {
    const removed = await able.sweep((id) => !isStray(id, host));
    if (removed > 0) log.info(`removed ${removed} containers of daemons that are gone`);
  } catch (fault) {
    log.warn('stray containers could not be removed', fault);
  }
}

function isStray(daemonId: string, host: Host): boolean {
  const [, hostname, pid] = /^(.*)\.(\d+)\.[0-9a-f]+$/.exec(daemonId) ?? [];
  return hostname === host.hostname && !host.alive(Number(pid));
}

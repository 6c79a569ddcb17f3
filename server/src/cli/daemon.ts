/** Puts the parts of a daemon together: configuration, policy, state, runtimes, house. Only this file knows all of them. */
import { join } from 'node:path';
import { live } from '../base/live.ts';
import { createLog, type Level, type Log, Threshold } from '../base/log.ts';
import type { DebugHosts } from '../debug/host.ts';
import { EventStream, turnedAway } from '../events/events.ts';
import type { Audit } from '../audit/audit.ts';
import type { ConfiguredRuntimes, Readiness } from '../serving/health/health.ts';
import type { OwnFolder } from '../serving/health/folders.ts';
import type { Mistakes } from '../audit/mistakes.ts';
import type { House } from '../serving/house.ts';
import { serviceOpener, soleVisit } from '../serving/open.ts';
import type { HouseParts } from '../serving/parts.ts';
import type { OpenService } from '../wire/service.ts';
import { isAudited, keepsHistory, LOG_BYTES, LOG_FILES } from '../policy/defaults.ts';
import { ConfigError, configPath, loadConfig } from '../policy/config-file.ts';
import { ownFolder } from '../policy/own-folder.ts';
import { type PackagesPolicy, packagesPolicy } from '../policy/packages.ts';
import { createPolicy } from '../policy/policy.ts';
import type { Sizes } from '../policy/sizes.ts';
import type { Config, InitializeParams, Network, ProtocolError } from '../protocol/index.ts';
import { Catalog } from '../runtime/choice/catalog.ts';
import type { Runtime } from '../runtime/ports.ts';
import type { Tracer } from '../telemetry/spans.ts';
import { withTyped } from './reach.ts';
import { remember } from './remember.ts';
import { createRuntimes, type Runtimes } from './runtimes.ts';
import type { Surroundings } from './surroundings.ts';

export interface Daemon {
  /** Opens the service for one of any number of clients. */
  readonly open: OpenService;
  /** Opens the service for the one client of this daemon: what is shared by all clients is closed with it. */
  readonly openSole: OpenService;
  readonly runtimes: readonly Runtime[];
  readonly log: Log;
  /** Until the returned function is called, the log goes down to this level at least. */
  lowerLog(level: Level): () => void;
  /** Counts a message that was no call: the `unread` of a connection. */
  unread(this: void, error: ProtocolError): void;
  readonly catalog: Catalog;
  readonly packages: PackagesPolicy;
  readonly sizes: Sizes;
  /** The names of the secrets that the configuration has. */
  readonly secrets: readonly string[];
  /** Records a call that reaches nothing. */
  refused(this: void, method: string, fault: unknown): void;
  /** What this machine has for debugging. */
  debuggers(this: void): Promise<Pick<DebugHosts, 'report'>>;
  /** Whether what runs is scanned. */
  readonly scans: boolean;
  /** From now on, runtimes that become available or unavailable are noticed. */
  watch(): void;
  /** Removes everything that is left of the daemon. */
  close(): Promise<void>;
}

/** What whoever looks after a daemon does with it while it serves. */
export interface Operated {
  /**
   * The daemon takes on nothing new, and what runs may end by itself, for as long as the configuration says, or `standardMs`
   * where it says nothing, and until `hurry` aborts. Resolves with whether everything has ended. `close` comes after it.
   */
  drain(standardMs: number, hurry: AbortSignal): Promise<boolean>;
  /**
   * Reads the configuration again. What narrows holds at once, also for sessions that are open; what widens holds for new
   * ones. A file with faults changes nothing. What happened is in the log. Resolves with whether the file counts now.
   */
  reload(): Promise<boolean>;
  /** Whether work can be done now; if not, why. */
  ready(): Promise<Readiness>;
  /** The metrics, in the text format of Prometheus. */
  metrics(): Promise<string>;
}

/** What the command line says in addition to the configuration. */
interface Typed {
  readonly typed?: readonly Network['mode'][];
  readonly shared?: readonly string[] | undefined;
  readonly logging?: Config['log'];
}

/** `typed`: the network modes that the command line allows. `shared`: as in `HouseParts`. `logging`: what the command line says of the log. @throws ConfigError */
export async function createDaemon(surroundings: Surroundings, configFlag: string | undefined, { typed = [], shared, logging }: Typed = {}): Promise<Daemon & Operated> {
  const { clock, env, home, version } = surroundings;
  const read = () => {
    const loaded = withTyped(loadConfig({ flag: configFlag, env, home }), typed);
    return { loaded, config: { ...loaded, log: { ...loaded.log, ...logging } } };
  };
  const { loaded, config } = read();
  const path = configPath({ flag: configFlag, env, home });
  const threshold = new Threshold(config.log.level ?? 'warn');
  const log = createLog(threshold, await logWriter(config, path, surroundings), { format: config.log.format ?? 'text' });
  let policy = createPolicy(config);
  let current: Config = config;
  const stateFolder = config.stateDir ?? ownFolder('XDG_STATE_HOME', { env, home });
  const memory = remember({ folder: stateFolder, config: loaded, surroundings, log: log.child('state') });
  const runtimes = createRuntimes({ surroundings, config, path, images: policy.images, log, entries: memory.entries });
  const events = new EventStream(log.child('events'));
  const catalog = new Catalog({ runtimes: runtimes.all, clock, events, memory });
  void catalog.lookAtUnknown();
  // Sweeping happens in the background.
  void catalog.whenLookedAtAll().then(() => runtimes.sweep());
  const ways = async () => (await import('../network/ways.ts')).systemWays(env);
  let reading: Promise<HouseParts['certificates']> | undefined;
  const certificates: HouseParts['certificates'] = async (wanted) => {
    reading ??= Promise.all([import('./certificates.ts'), import('../packages/registries/machine.ts')])
      .then(([{ rememberedCertificates }, { machineOf }]) => rememberedCertificates(machineOf(surroundings), clock));
    return (await reading)(wanted);
  };
  let secretReading: Promise<HouseParts['secret']> | undefined;
  const secret: HouseParts['secret'] = async (name, source) => {
    secretReading ??= Promise.all([import('./secret-values.ts'), runtimes.keeper()]).then(([{ secretValues }, keeper]) => secretValues({ ...surroundings, keeper }));
    return (await secretReading)(name, source);
  };
  const packages = async () => {
    const [{ createInstaller }, keeper] = await Promise.all([import('./packages.ts'), runtimes.keeper()]);
    return createInstaller({ surroundings, policy: packagesPolicy(config), keeper, ways: await ways(), log: log.child('packages') });
  };
  const openSessions = async () => {
    const { countOpenSessions } = await import('./open-sessions.ts');
    return countOpenSessions(stateFolder, clock, log.child('usage'));
  };
  let hosts: Promise<DebugHosts> | undefined;
  const debuggers = () => (hosts ??= import('../debug/host.ts').then(({ DebugHosts }) => new DebugHosts(config.debug)));
  const scanner = async () => {
    const [{ Scanner }, { startThread }] = await Promise.all([import('../scan/scanner.ts'), import('../scan/worker.ts')]);
    return new Scanner({ start: startThread, clock, log: log.child('scan') });
  };
  const parts: HouseParts = { policy: live(() => policy), catalog, events, clock, log, version, startedAt: clock.monotonic(), process: surroundings.process, folders: () => ownFolders(stateFolder, surroundings, runtimes), configured: configuredRuntimes(config), usageFolder: join(stateFolder, 'usage'), history: keepsHistory(config) ? { folder: join(stateFolder, 'history'), config } : undefined, hidden: () => runtimes.hidden(), shared, ways, certificates, secret, packages, debuggers, scanner, openSessions, ahead: packagesPolicy(config).ahead };
  let housing: Promise<House> | undefined;
  const audits = isAudited(config);
  let auditing: Promise<Audit> | undefined;
  const audit = async () => {
    if (!audits) return undefined;
    return (auditing ??= import('./create-audit.ts').then((loaded) => loaded.createAudit({ surroundings, stateFolder, config: live(() => current), log: log.child('audit') })));
  };
  let tracing: Promise<Tracer | undefined> | undefined;
  const tracer = () => (tracing ??= import('./telemetry.ts').then(({ createTracing }) => createTracing(config, surroundings, log.child('telemetry'))));
  const house = () => (housing ??= Promise.all([import('../serving/house.ts'), audit(), tracer()]).then(([loaded, audit, tracer]) => new loaded.House({ ...parts, audit, tracer })));
  const refused = async (params: InitializeParams, fault: unknown) => {
    const [{ recordRefused }, log] = await Promise.all([import('../serving/listeners/audited.ts'), audit()]);
    if (log) recordRefused(log, params, fault);
  };
  let mistakes: Promise<Mistakes | undefined> | undefined;
  const reachesNothing = async (method: string, fault: unknown) => {
    mistakes ??= Promise.all([import('../audit/mistakes.ts'), audit()]).then(([loaded, log]) => log && new loaded.Mistakes(log));
    (await mistakes)?.record(method, fault);
  };
  const closeHouse = async () => (await housing)?.close();
  const open = serviceOpener({ ...parts, house, audits, refused });
  return {
    open,
    openSole: soleVisit(open, closeHouse),
    runtimes: runtimes.all,
    lowerLog: (level) => threshold.lower(level),
    unread: (error) => events.emit(turnedAway(undefined, error)),
    catalog,
    packages: packagesPolicy(config),
    sizes: policy.sizes,
    secrets: Object.keys(policy.secrets),
    debuggers,
    scans: policy.scan.mode !== 'off',
    log,
    watch: () => catalog.watch(),
    drain: async (standardMs, hurry) => (await housing)?.drain(current.drain?.deadlineMs ?? standardMs, hurry) ?? true,
    reload: async () => {
      const { readAgain } = await import('./reload.ts');
      const next = readAgain({ began: config, current, path, log, read: () => read().config });
      if (!next) return false;
      ({ config: current, policy } = next);
      const audit = await auditing;
      if (audit) (await import('./create-audit.ts')).recordReload(audit, current);
      await (await housing)?.renew();
      return true;
    },
    ready: async () => {
      await catalog.lookAtUnknown();
      return (await house()).health.ready();
    },
    metrics: async () => (await house()).metrics.text(),
    refused: (method, fault) => {
      events.emit(turnedAway(method, fault));
      reachesNothing(method, fault).catch((reason: unknown) => log.warn('a call that reaches nothing could not be recorded', reason));
    },
    close: async () => {
      catalog.close();
      await closeHouse();
      (await mistakes)?.close();
      await (await auditing)?.close();
      await (await tracing)?.close();
      await runtimes.close();
      await memory.close();
    },
  };
}

function configuredRuntimes({ pool = {}, docker, images }: Config): ConfiguredRuntimes {
  const pooled = Object.entries(pool).filter(([, sizes]) => Object.values(sizes).some((size) => size > 0)).map(([id]) => id);
  return { required: [...pooled, ...Object.keys(docker?.runtimes ?? {})], named: images || docker?.host !== undefined ? ['docker'] : [] };
}

async function ownFolders(state: string, { env, home }: Surroundings, runtimes: Runtimes): Promise<OwnFolder[]> {
  const daemon = await runtimes.folder();
  return [
    { name: 'state', path: state },
    { name: 'packages', path: join(ownFolder('XDG_CACHE_HOME', { env, home }), 'packages') },
    ...(daemon === undefined ? [] : [{ name: 'daemon' as const, path: daemon }]),
  ];
}

/** @throws ConfigError if the log file cannot be written from the beginning */
async function logWriter({ log }: Config, path: string, { clock, writeLog }: Surroundings): Promise<(line: string) => void> {
  const file = log?.file;
  if (file === undefined) return writeLog;
  const { codeOf, logFile } = await import('./log-file.ts');
  try {
    return logFile({ file, maxBytes: log?.maxBytes ?? LOG_BYTES, keepFiles: log?.keepFiles ?? LOG_FILES, clock, instead: writeLog });
  } catch (fault) {
    throw new ConfigError(`${path}: log.file: ${file} cannot be written: ${codeOf(fault)}`);
  }
}

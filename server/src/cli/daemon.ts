/** Puts the parts of a daemon together: configuration, policy, state, runtimes, house. Only this file knows all of them. */
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { createLog, type Log } from '../base/log.ts';
import { EventStream } from '../events/events.ts';
import type { Audit } from '../audit/audit.ts';
import type { Mistakes } from '../audit/mistakes.ts';
import type { House } from '../serving/house.ts';
import { serviceOpener, soleVisit } from '../serving/open.ts';
import type { HouseParts } from '../serving/parts.ts';
import type { OpenService } from '../wire/service.ts';
import { isAudited, keepsHistory } from '../policy/defaults.ts';
import { ConfigError, configPath, loadConfig } from '../policy/config-file.ts';
import { ownFolder } from '../policy/own-folder.ts';
import { type PackagesPolicy, packagesPolicy } from '../policy/packages.ts';
import { createPolicy } from '../policy/policy.ts';
import type { Sizes } from '../policy/sizes.ts';
import type { Config, InitializeParams, Network } from '../protocol/index.ts';
import { Catalog } from '../runtime/choice/catalog.ts';
import type { Runtime } from '../runtime/ports.ts';
import { withTyped } from './reach.ts';
import { remember } from './remember.ts';
import { createRuntimes } from './runtimes.ts';
import type { Surroundings } from './surroundings.ts';

export interface Daemon {
  /** Opens the service for one of any number of clients. */
  readonly open: OpenService;
  /** Opens the service for the one client of this daemon: what is shared by all clients is closed with it. */
  readonly openSole: OpenService;
  readonly runtimes: readonly Runtime[];
  readonly log: Log;
  readonly catalog: Catalog;
  readonly packages: PackagesPolicy;
  readonly sizes: Sizes;
  /** The names of the secrets that the configuration has. */
  readonly secrets: readonly string[];
  /** Records a call that reaches nothing. */
  refused(this: void, method: string, fault: unknown): void;
  /** Whether what runs is scanned. */
  readonly scans: boolean;
  /** From now on, runtimes that become available or unavailable are noticed. */
  watch(): void;
  /** Removes everything that is left of the daemon. */
  close(): Promise<void>;
}

/** `typed`: the network modes that the command line allows. `shared`: as in `HouseParts`. @throws ConfigError */
export async function createDaemon(surroundings: Surroundings, configFlag: string | undefined, typed: readonly Network['mode'][] = [], shared?: readonly string[]): Promise<Daemon> {
  const { clock, env, home, version } = surroundings;
  const config = withTyped(loadConfig({ flag: configFlag, env, home }), typed);
  const path = configPath({ flag: configFlag, env, home });
  const log = createLog(config.log?.level ?? 'warn', logWriter(config, path, surroundings));
  const policy = createPolicy(config);
  const stateFolder = config.stateDir ?? ownFolder('XDG_STATE_HOME', { env, home });
  const memory = remember({ folder: stateFolder, config, surroundings, log: log.child('state') });
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
  const scanner = async () => {
    const [{ Scanner }, { startThread }] = await Promise.all([import('../scan/scanner.ts'), import('../scan/worker.ts')]);
    return new Scanner({ start: startThread, clock, log: log.child('scan') });
  };
  const parts: HouseParts = { policy, catalog, events, clock, log, version, startedAt: clock.monotonic(), usageFolder: join(stateFolder, 'usage'), history: keepsHistory(config) ? { folder: join(stateFolder, 'history'), config } : undefined, hidden: () => runtimes.hidden(), shared, ways, certificates, secret, packages, scanner, ahead: packagesPolicy(config).ahead };
  let housing: Promise<House> | undefined;
  const audits = isAudited(config);
  let auditing: Promise<Audit> | undefined;
  const audit = async () => {
    if (!audits) return undefined;
    return (auditing ??= import('./create-audit.ts').then((loaded) => loaded.createAudit({ surroundings, stateFolder, config, log: log.child('audit') })));
  };
  const house = () => (housing ??= Promise.all([import('../serving/house.ts'), audit()]).then(([loaded, audit]) => new loaded.House({ ...parts, audit })));
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
    catalog,
    packages: packagesPolicy(config),
    sizes: policy.sizes,
    secrets: Object.keys(policy.secrets),
    scans: policy.scan.mode !== 'off',
    log,
    watch: () => catalog.watch(),
    refused: (method, fault) => void reachesNothing(method, fault).catch((reason: unknown) => log.warn('a call that reaches nothing could not be recorded', reason)),
    close: async () => {
      catalog.close();
      await closeHouse();
      (await mistakes)?.close();
      await (await auditing)?.close();
      await runtimes.close();
      await memory.close();
    },
  };
}

/**
 * What it returns never throws: whoever logs is not disturbed by a disk that is full. What can't be written goes to stderr.
 * @throws ConfigError if the log file cannot be written from the beginning
 */
function logWriter({ log }: Config, path: string, surroundings: Surroundings): (line: string) => void {
  const file = log?.file;
  if (file === undefined) return surroundings.writeLog;
  const append = (text: string) => appendFileSync(file, text, { mode: 0o600 });
  try {
    append('');
  } catch (fault) {
    throw new ConfigError(`${path}: log.file: ${file} cannot be written: ${(fault as { code?: string }).code}`);
  }
  let fails = false;
  return (line) => {
    try {
      append(`${line}\n`);
      fails = false;
    } catch (fault) {
      if (!fails) surroundings.writeLog(`codebeaker: ${file} cannot be written (${(fault as { code?: string }).code}), so the log goes to stderr: free some room there, or change log.file in the configuration`);
      fails = true;
      surroundings.writeLog(line);
    }
  };
}

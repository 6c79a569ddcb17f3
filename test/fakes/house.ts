/** A real `House`, with everything that serves clients, on top of fake runtimes. */
import type { Audit } from '../../server/src/audit/audit.ts';
import type { Clock } from '../../server/src/base/clock.ts';
import { live } from '../../server/src/base/live.ts';
import type { Log } from '../../server/src/base/log.ts';
import type { DebugHost } from '../../server/src/debug/adapter.ts';
import { EventStream } from '../../server/src/events/events.ts';
import type { Ways } from '../../server/src/network/dial.ts';
import { createPolicy } from '../../server/src/policy/policy.ts';
import { renewed } from '../../server/src/policy/renew.ts';
import type { Config, LanguageId } from '../../server/src/protocol/index.ts';
import { Catalog } from '../../server/src/runtime/choice/catalog.ts';
import type { Runtime } from '../../server/src/runtime/ports.ts';
import type { Installer } from '../../server/src/packages/installer.ts';
import type { TextScanner } from '../../server/src/scan/scanner.ts';
import { House } from '../../server/src/serving/house.ts';
import { recordRefused } from '../../server/src/serving/listeners/audited.ts';
import { serviceOpener, soleVisit } from '../../server/src/serving/open.ts';
import type { HouseParts } from '../../server/src/serving/parts.ts';
import { FakeWays } from '../network/place.ts';
import type { OpenService } from '../../server/src/wire/service.ts';

export interface FakeHouseOptions {
  readonly runtimes: readonly Runtime[];
  readonly config?: Config;
  readonly hidden?: readonly string[];
  /** Default: no name has an address. */
  readonly ways?: Ways;
  /** Absent: what is used is counted in memory. */
  readonly usageFolder?: string | undefined;
  /** Absent: no history is kept. */
  readonly historyFolder?: string | undefined;
  /** Default: there are none. */
  readonly certificates?: HouseParts['certificates'] | undefined;
  /** The values of the secrets of the configuration. Default: there are none. */
  readonly secret?: HouseParts['secret'] | undefined;
  /** The daemon's own folders. Absent: none are looked at. */
  readonly folders?: HouseParts['folders'];
  /** The runtimes that are configured. */
  readonly configured?: HouseParts['configured'];
  /** Absent: nobody collects traces. */
  readonly tracer?: HouseParts['tracer'];
  readonly clock: Clock;
  readonly log: Log;
  /** Absent: no packages can be installed. */
  readonly packages?: (() => Promise<Installer>) | undefined;
  /** Absent: nothing is recorded. */
  readonly audit?: Audit | undefined;
  /** Absent: nothing is scanned. */
  readonly scanner?: (() => Promise<TextScanner>) | undefined;
  /** Absent: nobody counts the sessions of all daemons. */
  readonly openSessions?: HouseParts['openSessions'] | undefined;
  /** The languages for which this machine has debuggers. Default: none. */
  readonly debuggable?: readonly LanguageId[] | undefined;
}

export interface FakeHouse {
  readonly catalog: Catalog;
  readonly events: EventStream;
  readonly house: House;
  /** Gives the house another configuration. */
  reload(config: Config): Promise<void>;
  /** Opens the service for any number of clients. */
  readonly open: OpenService;
  /** Opens the service for one client. The house is closed when that client leaves. */
  readonly openSole: OpenService;
}

const noDebugHost: DebugHost = { folder: undefined, exists: async () => false, file: async () => undefined, own: async () => undefined, pack: () => Promise.reject(new Error('there is nothing')) };

export const fakeProcess = { uptime: () => 5, cpuUsage: () => ({ user: 1_500_000, system: 500_000 }), memoryUsage: () => ({ rss: 64 << 20, heapUsed: 16 << 20 }) };

export function fakeHouse({ runtimes, config = {}, hidden = [], ways = new FakeWays(), certificates = async () => [], secret = () => Promise.reject(new Error('no secret can be read')), usageFolder, historyFolder, folders, configured, tracer, clock, log, packages, audit, scanner, openSessions, debuggable = [] }: FakeHouseOptions): FakeHouse {
  let policy = createPolicy(config);
  const events = new EventStream(log);
  const catalog = new Catalog({ runtimes, clock, events });
  const parts = { policy: live(() => policy), catalog, events, clock, log, version: '9.9.9', startedAt: clock.monotonic(), hidden: async () => hidden, process: fakeProcess, tracer, ...(folders ? { folders } : {}), ...(configured ? { configured } : {}), ways: async () => ways, certificates, secret, usageFolder, history: historyFolder === undefined ? undefined : { folder: historyFolder, config }, audit, ...(packages ? { packages } : {}), ...(scanner ? { scanner } : {}), ...(openSessions ? { openSessions } : {}), ahead: config.packages?.ahead ?? [], debuggers: async () => ({ languages: async () => [...debuggable], host: () => noDebugHost }) };
  const house = new House(parts);
  const open = serviceOpener({ ...parts, house: async () => house, audits: audit !== undefined, refused: async (params, fault) => audit && recordRefused(audit, params, fault) });
  const reload = (next: Config) => {
    policy = renewed(config, next);
    return house.renew();
  };
  return { catalog, events, house, reload, open, openSole: soleVisit(open, () => house.close()) };
}

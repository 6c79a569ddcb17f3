/** Opens the service when a client sends `initialize`: the client's policy, its capabilities, and then its visit. */
import { within } from '../base/clock.ts';
import { live } from '../base/live.ts';
import { closeAll } from '../base/promises.ts';
import { requireSense } from '../policy/bounds.ts';
import { CLIENT, narrow, type Policy, preparesSandboxes } from '../policy/policy.ts';
import { CommandWait, Config, DebugStart, Initialize, type InitializeParams, type LanguageId, managerIds, methods, type Network, type ServerCapabilities, SessionAttach, SessionDetach } from '../protocol/index.ts';
import type { Catalog } from '../runtime/choice/catalog.ts';
import type { Client, OpenService, Service } from '../wire/service.ts';
import { parseParams } from '../wire/validate.ts';
import { canResume, MAX_CHUNK_BYTES, WINDOW_BYTES } from './flow.ts';
import type { House } from './house.ts';
import { RuntimeChanges } from './listeners/runtime-changed.ts';
import type { HouseParts } from './parts.ts';
import type { Visit } from './visit.ts';

export interface ServiceParts extends HouseParts {
  /** Returns the one house of the daemon. Its code is loaded only after `initialize` has been answered. */
  house(): Promise<House>;
  /** Whether the audit log is kept. */
  readonly audits: boolean;
  /** Records that a client was refused. */
  refused?(params: InitializeParams, fault: unknown): Promise<void>;
}

/** `initialize` waits at most this long until all runtimes are known. A slower one is reported as unavailable until it is found. */
const LOOK_DEADLINE_MS = 1_500;
/** Methods that are served only where a history is kept. */
const isOfHistory = (name: string) => name.startsWith('history/');
/** Methods that are served only to a client that can take up sessions again. */
const ofResume: ReadonlySet<string> = new Set([SessionDetach.name, SessionAttach.name, CommandWait.name]);

export function serviceOpener(parts: ServiceParts): OpenService {
  const { catalog, events, clock } = parts;
  return async (params, client): Promise<Service> => {
    // Each policy of the house has limits of its own.
    const { limits: seen } = parts.policy;
    let policy = await policyFor(params, client, parts).catch(async (fault: unknown) => {
      await parts.refused?.(params, fault);
      throw fault;
    });
    const renew = async () => {
      policy = await policyFor(params, client, parts).catch(async (fault: unknown) => (await import('../policy/renew.ts')).both(policy, parts.policy, noLonger(fault)));
    };
    await within(clock, LOOK_DEADLINE_MS, catalog.lookAtUnknown());
    const debugs = client.capabilities.debug?.adapter ? await (await parts.debuggers?.())?.languages(catalog.infos()) : undefined;
    const changes = new RuntimeChanges(client, events);
    let visit: Visit | undefined;
    return {
      capabilities: capabilities(policy, client, parts, debugs),
      start: async () => {
        const house = await parts.house();
        if (parts.policy.limits !== seen) await renew();
        visit = house.receive({ client, policy: live(() => policy), renew, initialize: params });
        changes.begin();
        // Now that the client has its answer, the runtimes that were only remembered are looked at as well.
        void catalog.lookAtAll();
        return visit.serve;
      },
      close: async (how) => {
        changes.end();
        await visit?.close(how);
      },
    };
  };
}

/** For a daemon that serves only one client: closing the client's service also closes the house, and nothing waits for the client to come back. */
export function soleVisit(open: OpenService, closeHouse: () => Promise<void>): OpenService {
  return async (params, client) => {
    const service = await open(params, client);
    const close = () => closeAll([service.close('shutdown'), closeHouse()], 'not everything could be closed');
    return { ...service, close };
  };
}

/** The policy of the configuration file, narrowed by the project's files and then by the client. */
async function policyFor(params: InitializeParams, client: Client, { policy, shared, log }: ServiceParts): Promise<Policy> {
  const { initializationOptions: options, workspaceFolders, trusted = true } = params;
  const folders = trusted ? (workspaceFolders ?? []).map(({ uri }) => uri) : [];
  const narrowed = folders.length > 0 ? await (await import('./project.ts')).narrowByProjects(policy, folders, { client, shared, log }) : policy;
  if (!options) return narrowed;
  const wish = parseParams(Config, options, ['initializationOptions']);
  requireSense(wish, 'initializationOptions.');
  return narrow(narrowed, wish, CLIENT);
}

function noLonger(fault: unknown): string {
  return `the configuration was changed, and no longer allows what the client asked for when it connected: ${(fault as Error).message}; connect anew`;
}

function capabilities(policy: Policy, client: Client, { catalog, audits, history, debuggers }: ServiceParts, debugs: LanguageId[] = []): ServerCapabilities {
  const { channels } = client;
  const { max: maxSessions, idleTimeoutMs, maxLifetimeMs, graceMs, maxGraceMs } = policy.sessions;
  const resumes = maxGraceMs > 0 && canResume(client);
  return {
    runtimes: [...catalog.infos()],
    methods: methods.filter(({ kind, from, name }) => kind === 'request' && from === 'client' && name !== Initialize.name && (history || !isOfHistory(name)) && (resumes || !ofResume.has(name)) && (debuggers || name !== DebugStart.name)).map(({ name }) => name),
    sessions: { maxSessions, idleTimeoutMs, maxLifetimeMs, pooled: preparesSandboxes(policy), ...(resumes ? { resume: { graceMs: Math.min(graceMs, maxGraceMs), maxGraceMs } } : {}) },
    output: { flowControl: true, windowBytes: WINDOW_BYTES, maxChunkBytes: MAX_CHUNK_BYTES },
    ...(catalog.choosable.some((known) => known.runtime.can.packages && known.info().available) ? { packages: { managers: [...managerIds] } } : {}),
    network: { modes: networkModes(policy, catalog) },
    ...(catalog.choosable.some((known) => known.runtime.can.terminals && known.info().available) ? { pty: {} } : {}),
    ...(debugs.length > 0 ? { debug: { languages: debugs } } : {}),
    ...(channels ? { channels } : {}),
    ...(history ? { history: {} } : {}),
    ...(audits ? { audit: {} } : {}),
    secrets: {},
    metrics: {},
  };
}

/** `none` is always among them. */
function networkModes({ networkModes: allowed }: Policy, catalog: Catalog): Network['mode'][] {
  const had = (mode: Network['mode']) => catalog.choosable.some((known) => known.runtime.can.networks.includes(mode) && known.info().available);
  return ['none', ...allowed.filter((mode) => mode !== 'none' && had(mode))];
}

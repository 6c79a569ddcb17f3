/** What `initialize` opens: the policy this client gets, the capabilities that follow from it, and then the work. */
import { deadline } from '../base/clock.ts';
import { makesAhead, narrow, type Policy } from '../policy/policy.ts';
import { Config, Initialize, type InitializeParams, methods, type ServerCapabilities } from '../protocol/index.ts';
import type { Catalog } from '../runtime/choice/catalog.ts';
import { ChangeTeller } from './changes.ts';
import { MAX_CHUNK_BYTES, WINDOW_BYTES } from './flow.ts';
import type { Client, Open, Service } from '../wire/service.ts';
import { parseParams } from '../wire/validate.ts';
import type { OpenParts, Work } from './parts.ts';

/** `initialize` waits so long for runtimes to be looked at; a slower one is unavailable until it is found. */
const LOOK_DEADLINE_MS = 1_500;

export function createOpen(parts: OpenParts): Open {
  const startedAt = parts.clock.monotonic();
  return async (params, client): Promise<Service> => {
    const policy = await policyFor(params, client, parts);
    const { catalog, clock } = parts;
    await deadline(clock, LOOK_DEADLINE_MS, catalog.known(), () => new Error('slow')).catch(() => undefined);
    const tell = new ChangeTeller(client, catalog);
    let work: Work | undefined;
    return {
      capabilities: capabilities(policy, catalog),
      start: async () => {
        const createWork = await parts.loadWork();
        work = createWork({ ...parts, policy, client, initialize: params, startedAt });
        tell.begin();
        return work.handlers;
      },
      close: async () => {
        tell.end();
        await work?.close();
      },
    };
  };
}

/** The configuration file's policy, narrowed by the project's files and then by the client. */
async function policyFor(params: InitializeParams, client: Client, { policy, log }: OpenParts): Promise<Policy> {
  const { initializationOptions: options, workspaceFolders, trusted = true } = params;
  const folders = trusted ? (workspaceFolders ?? []).map(({ uri }) => uri) : [];
  const narrowed = folders.length > 0 ? await (await import('./project.ts')).narrowByProjects(policy, folders, client, log) : policy;
  return options ? narrow(narrowed, parseParams(Config, options, ['initializationOptions'])) : narrowed;
}

function capabilities(policy: Policy, catalog: Catalog): ServerCapabilities {
  return {
    runtimes: [...catalog.infos()],
    methods: methods.filter(({ kind, from, name }) => kind === 'request' && from === 'client' && name !== Initialize.name).map(({ name }) => name),
    sessions: { maxSessions: policy.sessions.max, idleTimeoutMs: policy.sessions.idleTimeoutMs, maxLifetimeMs: policy.sessions.maxLifetimeMs, pooled: makesAhead(policy) },
    output: { flowControl: true, windowBytes: WINDOW_BYTES, maxChunkBytes: MAX_CHUNK_BYTES },
    network: { modes: [...policy.networkModes] },
    ...(catalog.choosable.some((known) => known.runtime.can.terminals && known.info().available) ? { pty: {} } : {}),
  };
}

/** What `initialize` opens: the policy this client gets, the capabilities that follow from it, the handlers. */
import { availableParallelism } from 'node:os';
import { type Clock, deadline } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { Ahead } from '../command/ahead.ts';
import { RunningCommands } from '../command/commands.ts';
import type { PrimedProgram } from '../command/primed.ts';
import { loadProjectConfig, projectFileName } from '../policy/config-file.ts';
import { narrow, type Policy } from '../policy/policy.ts';
import {
  Config,
  Initialize,
  type InitializeParams,
  methods,
  type ServerCapabilities,
  SessionStateChanged,
} from '../protocol/index.ts';
import type { Catalog } from '../runtime/catalog.ts';
import { SessionManager } from '../session/manager.ts';
import { openedPaths, sessionCreator } from './create-session.ts';
import { MAX_CHUNK_BYTES, OutputChannels, WINDOW_BYTES } from './flow.ts';
import { createHandlers } from './handlers.ts';
import { ChangeTeller } from './changes.ts';
import { ProgressTokens } from './progress.ts';
import type { Client, Open, Service } from './service.ts';
import { createPool, fillPool } from './warm.ts';
import { parseParams } from './validate.ts';

export interface OpenParts {
  readonly policy: Policy;
  readonly catalog: Catalog;
  /** Host paths that are never shared with a sandbox. */
  hidden(): Promise<readonly string[]>;
  readonly clock: Clock;
  readonly log: Log;
  readonly version: string;
}

/** `initialize` waits so long for runtimes to be looked at; a slower one is unavailable until it is found. */
const LOOK_DEADLINE_MS = 1_500;

/** Commands that begin at once. Fewer leave cores idle while the daemon answers; more only wait for a core, and make the daemon wait. */
const COMMANDS_A_CORE = 2;
/** An engine elsewhere has cores of its own. */
const MIN_AT_ONCE = 4;

export function createOpen(parts: OpenParts): Open {
  const startedAt = parts.clock.monotonic();
  return async (params, client): Promise<Service> => {
    const policy = await policyFor(params, client, parts);
    const { catalog, clock, log, version } = parts;
    const pool = createPool(policy, clock, log.child('pool'));
    const ahead = new Ahead({ enabled: pool !== undefined, clock, log: log.child('ahead') });
    const sessions = new SessionManager<PrimedProgram>({
      pool,
      adopt: (session, primed) => void (primed && ahead.adopt(session, primed)),
      max: policy.sessions.max,
      atOnce: Math.max(MIN_AT_ONCE, COMMANDS_A_CORE * availableParallelism()),
      clock,
      log: log.child('session'),
      record: (runtime, quantity, value) => catalog.record(runtime, quantity, value),
      changed: (session, state, reason) => {
        if (!client.capabilities.session?.stateChanged) return;
        void client.notify(SessionStateChanged, { sessionId: session.id, state, ...(reason ? { reason } : {}) });
      },
    });
    const channels = new OutputChannels(client);
    const progress = new ProgressTokens(client);
    const createSession = sessionCreator({ ahead, policy, catalog, sessions, initialize: params, progress, hidden: parts.hidden });
    await deadline(clock, LOOK_DEADLINE_MS, catalog.known(), () => new Error('slow')).catch(() => undefined);
    const tell = new ChangeTeller(client, catalog);
    return {
      capabilities: capabilities(policy, catalog, pool !== undefined),
      handlers: createHandlers({ client, clock, startedAt, version, policy, catalog, sessions, channels, createSession, progress, commands: new RunningCommands(), ahead }),
      opened: () => {
        tell.begin();
        if (pool) void catalog.whenLooked().then(() => fillPool(pool, policy, catalog));
      },
      close: async () => {
        tell.end();
        ahead.close();
        channels.closeAll();
        await sessions.close();
      },
    };
  };
}

/** The configuration file's policy, narrowed by the project's files and then by the client. */
async function policyFor(params: InitializeParams, client: Client, { policy, log }: OpenParts): Promise<Policy> {
  let narrowed = policy;
  if (params.trusted ?? true) {
    for (const folder of await openedPaths(params)) narrowed = await narrowByProject(narrowed, folder, client, log);
  }
  const options = params.initializationOptions;
  return options ? narrow(narrowed, parseParams(Config, options, ['initializationOptions'])) : narrowed;
}

/** A project's file that is wrong, or asks for more than is allowed, is told to the person and otherwise ignored. */
async function narrowByProject(policy: Policy, folder: string, client: Client, log: Log): Promise<Policy> {
  try {
    const config = await loadProjectConfig(folder);
    return config ? narrow(policy, config) : policy;
  } catch (fault) {
    const message = `${projectFileName} is ignored: ${(fault as Error).message}`;
    log.warn(message);
    void client.logMessage(2, message);
    return policy;
  }
}

function capabilities(policy: Policy, catalog: Catalog, pooled: boolean): ServerCapabilities {
  return {
    runtimes: [...catalog.infos()],
    methods: methods.filter(({ kind, from, name }) => kind === 'request' && from === 'client' && name !== Initialize.name).map(({ name }) => name),
    sessions: { maxSessions: policy.sessions.max, idleTimeoutMs: policy.sessions.idleTimeoutMs, maxLifetimeMs: policy.sessions.maxLifetimeMs, pooled },
    output: { flowControl: true, windowBytes: WINDOW_BYTES, maxChunkBytes: MAX_CHUNK_BYTES },
    network: { modes: [...policy.networkModes] },
    ...(catalog.choosable.some(({ runtime }) => runtime.terminals && runtime.info().available) ? { pty: {} } : {}),
  };
}

/** What serves a client whose `initialize` is answered: sessions, what is made ahead for them, handlers. Loaded then. */
import { availableParallelism } from 'node:os';
import { Ahead } from '../command/ahead.ts';
import { RunningCommands } from '../command/commands.ts';
import type { PrimedProgram } from '../command/primed.ts';
import { SessionStateChanged } from '../protocol/index.ts';
import { SessionManager } from '../session/manager.ts';
import { sessionCreator } from './create-session.ts';
import { OutputChannels } from './flow.ts';
import { createHandlers } from './handlers.ts';
import type { Work, WorkParts } from './parts.ts';
import { ProgressTokens } from './progress.ts';
import { createPool, fillPool } from './warm.ts';

/** Commands that begin at once. Fewer leave cores idle while the daemon answers; more only wait for a core, and make the daemon wait. */
const COMMANDS_A_CORE = 2;
/** An engine elsewhere has cores of its own. */
const MIN_AT_ONCE = 4;

export function createWork(parts: WorkParts): Work {
  const { client, policy, catalog, clock, log } = parts;
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
  const createSession = sessionCreator({ ...parts, ahead, sessions, progress });
  if (pool) void catalog.whenLookedAtAll().then(() => fillPool(pool, policy, catalog));
  return {
    handlers: createHandlers({ ...parts, sessions, channels, createSession, progress, commands: new RunningCommands(), ahead }),
    close: async () => {
      ahead.close();
      channels.closeAll();
      await sessions.close();
    },
  };
}

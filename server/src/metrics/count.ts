/** Counts what happens: which metrics an event changes. */
import type { HouseEvent } from '../events/events.ts';
import type { Instruments } from './instruments.ts';

export function count(event: HouseEvent, to: Instruments): void {
  switch (event.kind) {
    case 'served': {
      const { method, runtime, outcome, error, durationMs } = event;
      to.callSeconds.observe({ method }, durationMs / 1000);
      if (error) to.refusals.inc({ method, error });
      else if (outcome && outcome !== 'ok') to.commands.inc({ method, runtime: runtime ?? '', outcome });
      break;
    }
    case 'turnedAway':
      to.refusals.inc({ method: event.method, error: event.error });
      break;
    case 'visitBegan':
      to.connections.inc();
      to.connectionsMade.inc();
      break;
    case 'visitEnded':
      to.connections.dec();
      break;
    case 'sessionMade': {
      const { session: { runtime, warm }, tookMs } = event;
      const start = warm ? 'warm' : 'cold';
      to.sessionsMade.inc({ runtime, start });
      to.sessionSeconds.observe({ runtime, start }, tookMs / 1000);
      to.sessionsOpen.inc({ runtime });
      break;
    }
    case 'sessionChanged': {
      const { session: { runtime }, state, reason = 'client' } = event;
      if (state !== 'closed') break;
      to.sessionsOpen.dec({ runtime });
      to.sessionsClosed.inc({ runtime, reason });
      break;
    }
    case 'commandBegan':
      to.commandsRunning.inc({ runtime: event.command.runtime });
      break;
    case 'commandHeard':
      to.firstOutputSeconds.observe({ runtime: event.command.runtime }, event.afterMs / 1000);
      break;
    case 'commandEnded': {
      const { command: { runtime }, durationMs } = event;
      to.commandsRunning.dec({ runtime });
      to.commandSeconds.observe({ runtime }, durationMs / 1000);
      break;
    }
    case 'packagesInstalled':
      to.installs.inc({ manager: event.manager, cached: `${event.cached}` });
      break;
    case 'networkDecided':
      to.networkDecisions.inc({ decision: event.allowed ? 'allowed' : 'refused', by: event.by });
      break;
    case 'sandboxMade':
    case 'sessionDetached':
    case 'sessionAttached':
    case 'runtimesChanged':
      break;
  }
}

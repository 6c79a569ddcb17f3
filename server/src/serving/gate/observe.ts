/** The outermost step of the gate: it reports the outcome and the duration of each call in the log and, as a trace, to the client. */
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { EventStream } from '../../events/events.ts';
import type { ErrorKind, Execution, Outcome } from '../../protocol/index.ts';
import type { Session } from '../../session/session.ts';
import type { Call, Client } from '../../wire/service.ts';
import { errorOf, type Step } from './gate.ts';

export interface ObserveParts {
  readonly visit: string;
  readonly client: Pick<Client, 'logTrace'>;
  readonly events: EventStream;
  readonly clock: Clock;
  readonly log: Log;
  /** The sessions that are open. */
  find(id: string): Pick<Session, 'identity'> | undefined;
}

export function observe({ visit, client, events, clock, log, find }: ObserveParts): Step {
  return async (call, next) => {
    const begin = clock.monotonic();
    const { name: method, effect } = call.method;
    const { sessionId, commandId } = call.params as { sessionId?: string; commandId?: string };
    // By the time that the call has been served, the session may have closed.
    const runtime = sessionId === undefined ? undefined : find(sessionId)?.identity.runtime;
    const tell = (outcome: Outcome | 'ok' | undefined, error?: ErrorKind, made?: string) => {
      const durationMs = clock.monotonic() - begin;
      if (effect !== 'tells' || error) events.emit({ kind: 'served', visit, method, runtime, outcome, error, durationMs });
      const words = `Served '${method}' in ${Math.round(durationMs)} ms: ${outcome ?? error}.`;
      const session = sessionId ?? made;
      log.debug(words, undefined, { request: call.request, session, command: commandId });
      client.logTrace(words);
    };
    try {
      const result = await next();
      tell(outcomeOf(call, result), undefined, (result as { sessionId?: string } | null)?.sessionId);
      return result;
    } catch (fault) {
      const error = errorOf(call, fault);
      tell(undefined, error);
      throw fault;
    }
  };
}

/** For a call that runs a program, the outcome is that of the program. */
function outcomeOf({ method }: Call, result: unknown): Outcome | 'ok' {
  return method.effect === 'runs' ? (result as Execution).outcome : 'ok';
}

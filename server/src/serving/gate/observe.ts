/** The outermost step of the gate: it reports the outcome and the duration of each call in the log and, as a trace, to the client. */
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { EventStream } from '../../events/events.ts';
import type { Execution } from '../../protocol/index.ts';
import type { Call, Client } from '../../wire/service.ts';
import { errorOf, type Step } from './gate.ts';

export interface ObserveParts {
  readonly visit: string;
  readonly client: Pick<Client, 'logTrace'>;
  readonly events: EventStream;
  readonly clock: Clock;
  readonly log: Log;
}

export function observe({ visit, client, events, clock, log }: ObserveParts): Step {
  return async (call, next) => {
    const begin = clock.monotonic();
    const tell = (outcome: string) => {
      const words = `Served '${call.method.name}' in ${Math.round(clock.monotonic() - begin)} ms: ${outcome}.`;
      log.debug(words);
      client.logTrace(words);
    };
    try {
      const result = await next();
      tell(outcomeOf(call, result));
      return result;
    } catch (fault) {
      const error = errorOf(call, fault);
      events.emit({ kind: 'refused', visit, method: call.method.name, error });
      tell(error);
      throw fault;
    }
  };
}

/** For a call that runs a program, the outcome is that of the program. */
function outcomeOf({ method }: Call, result: unknown): string {
  return method.effect === 'runs' ? (result as Execution).outcome : 'ok';
}

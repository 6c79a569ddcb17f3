/** A step of the gate: it keeps what ran, and how it ended, in the history. */
import type { Clock } from '../../base/clock.ts';
import { type Asked, entryFor, type Ran } from '../../history/entry.ts';
import type { History } from '../../history/history.ts';
import { type InitializeParams, SessionCreate, type SessionCreateParams, type Session as SessionView } from '../../protocol/index.ts';
import type { Session } from '../../session/session.ts';
import type { Call } from '../../wire/service.ts';
import { errorOf, type Step } from './gate.ts';

export interface HistoryStepParts {
  readonly history: Pick<History, 'add' | 'policy'>;
  readonly client: InitializeParams['clientInfo'];
  readonly clock: Clock;
  /** The sessions that are open. */
  find(id: string): Session | undefined;
  /** The programs that were read, by the params of the calls that ran them. */
  readonly programs: WeakMap<object, Buffer>;
  /** What was asked for each session, on whatever connection. */
  readonly asked: WeakMap<Session, Asked>;
}

/** What is refused for a session that is not open is not kept: nothing says what it would have been. */
export function keepHistory({ history, client, clock, find, programs, asked }: HistoryStepParts): Step {
  const keep = (call: Call, session: Session, begin: number, result: Ran['result']): void => {
    const at = clock.now();
    const durationMs = clock.monotonic() - begin;
    const { id: sessionId, identity: { runtime, language }, environment: { secrets } } = session;
    const ran = { method: call.method.name, params: call.params, sessionId, runtime, language, asked: asked.get(session), client, at, durationMs, result };
    history.add(() => entryFor({ ...ran, file: programs.get(call.params as object), redact: (text) => secrets?.redact(text) ?? text }, history.policy));
  };

  return async (call, next) => {
    const { method, params } = call;
    if (method.name === SessionCreate.name) {
      const view = (await next()) as SessionView;
      const session = find(view.sessionId);
      if (session) asked.set(session, askedOf(params as SessionCreateParams));
      return view;
    }
    const session = method.effect === 'runs' && method.subject === 'session' ? find((params as { sessionId: string }).sessionId) : undefined;
    if (!session) return next();
    const begin = clock.monotonic();
    try {
      const result = (await next()) as Exclude<Ran['result'], string>;
      keep(call, session, begin, result);
      return result;
    } catch (fault) {
      keep(call, session, begin, errorOf(call, fault));
      throw fault;
    }
  };
}

function askedOf({ label, image, workspace, network, limits }: SessionCreateParams): Asked {
  return { label, image, workspace, network, limits };
}

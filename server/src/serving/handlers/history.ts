/** The handlers of `history/…`. What runs an entry again passes the gate like any other call. */
import { present } from '../../base/present.ts';
import { again, missing, sessionLike } from '../../history/again.ts';
import type { History } from '../../history/history.ts';
import { type HistoryRerunParams, type Method, ProtocolError, type ResultOf, type HistoryRerun, type Session, SessionClose, SessionCreate } from '../../protocol/index.ts';
import type { Serve } from '../../wire/service.ts';
import { parseParams } from '../../wire/validate.ts';
import type { Handlers } from './handler.ts';

export interface HistoryHandlerParts {
  /** undefined: none is kept, and no client is told of these methods. */
  readonly history: History | undefined;
  /** The gate. */
  readonly serve: Serve;
}

export function historyHandlers({ history: kept, serve }: HistoryHandlerParts) {
  const history = () => {
    if (!kept) throw new ProtocolError('MethodNotFound', 'no history is kept, because history.enabled of the configuration is false');
    return kept;
  };
  const call = (method: Method, params: object, signal: AbortSignal) => serve({ method, params: parseParams(method.params, present(params)), signal });

  /** `work` is done in the session that is named, or in one of its own. */
  const inSession = async <T>(sessionId: string | undefined, like: object, signal: AbortSignal, work: (sessionId: string) => Promise<T>): Promise<T> => {
    if (sessionId !== undefined) return work(sessionId);
    const made = (await call(SessionCreate, like, signal)) as Session;
    try {
      return await work(made.sessionId);
    } finally {
      // It may have been lost, or have lived for too long.
      await call(SessionClose, { sessionId: made.sessionId }, new AbortController().signal).catch(() => undefined);
    }
  };

  const rerun = async (params: HistoryRerunParams, signal: AbortSignal): Promise<ResultOf<typeof HistoryRerun>> => {
    const entry = await readable(history().find(params.entryId));
    if (!entry) throw missing(params.entryId);
    const { method, params: wanted } = again(entry, params);
    const like = { ...sessionLike(entry), workDoneToken: params.workDoneToken };
    return inSession(params.sessionId, like, signal, async (sessionId) => ({ ...((await call(method, { ...wanted, sessionId }, signal)) as Omit<ResultOf<typeof HistoryRerun>, 'sessionId'>), sessionId }));
  };

  return {
    'history/list': (params) => readable(history().list(params)),
    'history/rerun': rerun,
    'history/clear': async ({ before }) => ({ removed: await readable(history().clear(before === undefined ? undefined : Date.parse(before))) }),
  } satisfies Partial<Handlers>;
}

/** Says in words what is wrong with the folder. */
async function readable<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (fault) {
    const { code } = fault as { code?: string };
    if (code === undefined) throw fault;
    throw new ProtocolError('InternalError', `the history can't be read or changed (${code}): check that stateDir in the configuration is a folder that can be written`);
  }
}

/** The handlers of `session/…`, and of cancelling the progress of `session/create`. */
import type { SessionManager } from '../../session/manager.ts';
import type { ProgressTokens } from '../progress.ts';
import type { CreateSession } from './create-session.ts';
import type { Handlers } from './handler.ts';

export interface SessionParts {
  readonly sessions: SessionManager;
  readonly progress: ProgressTokens;
  readonly createSession: CreateSession;
}

export const sessionHandlers = ({ sessions, progress, createSession }: SessionParts) => ({
  'session/create': async (params, signal) => (await createSession(params, signal)).view(),
  'session/list': () => ({ sessions: sessions.list().map((session) => session.view()) }),
  'session/close': async (session) => {
    await session.close('client');
    return { sessionId: session.id, closed: true };
  },
  'window/workDoneProgress/cancel': ({ token }) => {
    progress.cancel(token);
    return null;
  },
}) satisfies Partial<Handlers>;

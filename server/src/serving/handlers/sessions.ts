/** The handlers of `session/…`, and of cancelling the progress of `session/create`. */
import type { Advisory } from '../../protocol/index.ts';
import type { SessionManager } from '../../session/manager.ts';
import type { Session } from '../../session/session.ts';
import type { Allowances } from '../../usage/allowances.ts';
import type { Client } from '../../wire/service.ts';
import { tellPorts } from '../listeners/ports-changed.ts';
import type { ProgressTokens } from '../progress.ts';
import { quotasOf } from '../session-quotas.ts';
import type { CreateSession } from './create-session.ts';
import type { Handlers } from './handler.ts';
import type { PortBook } from './ports.ts';

export interface SessionParts {
  readonly sessions: SessionManager;
  readonly progress: ProgressTokens;
  readonly createSession: CreateSession;
  readonly client: Client;
  readonly ports: PortBook;
  readonly allowances: Allowances;
  /** The known weaknesses of the packages that a session has. */
  advisoriesOf(session: Session): Advisory[];
}

export const sessionHandlers = ({ sessions, progress, createSession, client, ports, allowances, advisoriesOf }: SessionParts) => {
  const report = (session: Session) => {
    const quotas = quotasOf(session, allowances);
    const advisories = advisoriesOf(session);
    return { ...session.view(), ...(quotas.length > 0 ? { quotas } : {}), ...(advisories.length > 0 ? { advisories } : {}) };
  };
  return {
    'session/create': async (params, signal) => {
      const session = await createSession(params, signal);
      if (client.capabilities.ports?.changed) tellPorts(client, session, ports.of(session));
      return report(session);
    },
    'session/list': () => ({ sessions: sessions.list().map(report) }),
    'session/close': async (session) => {
      await session.close('client');
      return { sessionId: session.id, closed: true };
    },
    'window/workDoneProgress/cancel': ({ token }) => {
      progress.cancel(token);
      return null;
    },
  } satisfies Partial<Handlers>;
};

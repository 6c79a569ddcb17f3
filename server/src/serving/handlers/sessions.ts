/** The handlers of `session/…`, and of cancelling the progress of `session/create`. */
import type { Advisory } from '../../protocol/index.ts';
import type { Session } from '../../session/session.ts';
import type { Allowances } from '../../usage/allowances.ts';
import { tellPorts } from '../listeners/ports-changed.ts';
import type { Desk } from '../line/desk.ts';
import type { Line } from '../line/line.ts';
import { quotasOf } from '../session-quotas.ts';
import type { CreateSession } from './create-session.ts';
import type { Handlers } from './handler.ts';
import type { PortBook } from './ports.ts';

export interface SessionParts {
  readonly desk: Desk<Line>;
  readonly createSession: CreateSession;
  readonly ports: PortBook;
  readonly allowances: Allowances;
  /** The known weaknesses of the packages that a session has. */
  advisoriesOf(session: Session): Advisory[];
}

export const sessionHandlers = ({ desk, createSession, ports, allowances, advisoriesOf }: SessionParts) => {
  const report = ({ session, graceMs }: Line) => {
    const quotas = quotasOf(session, allowances);
    const advisories = advisoriesOf(session);
    return { ...session.view(), ...(quotas.length > 0 ? { quotas } : {}), ...(advisories.length > 0 ? { advisories } : {}), ...(graceMs === undefined ? {} : { resume: { graceMs } }) };
  };
  const handlers = {
    'session/create': async (params, signal) => {
      const line = await createSession(params, signal);
      const { session, client, graceMs, token } = line;
      if (client.capabilities.ports?.changed) tellPorts(client, session, ports.of(session));
      return { ...report(line), ...(graceMs === undefined ? {} : { resume: { graceMs, resumeToken: token } }) };
    },
    'session/list': () => ({ sessions: desk.lines.map((line) => line.home.report(line)) }),
    'session/close': async (session) => {
      await session.close('client');
      return { sessionId: session.id, closed: true };
    },
    'window/workDoneProgress/cancel': ({ token }) => {
      desk.progress.cancel(token);
      return null;
    },
  } satisfies Partial<Handlers>;
  return { handlers, report };
};

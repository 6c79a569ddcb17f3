/** The handlers of sessions that wait for their client: giving one up, taking one over, and asking for what it did. */
import type { Policy } from '../../policy/policy.ts';
import { invalidParam } from '../../protocol/index.ts';
import type { Session } from '../../session/session.ts';
import type { Desk } from '../line/desk.ts';
import type { Line } from '../line/line.ts';
import type { Lines } from '../line/lines.ts';
import type { Handlers } from './handler.ts';

export interface ResumeParts {
  readonly visit: string;
  readonly desk: Desk<Line>;
  readonly lines: Lines;
  readonly policy: Policy;
  /** The line of a session that was made here. */
  lineOf(session: Session): Line;
}

export const resumeHandlers = ({ visit, desk, lines, policy, lineOf }: ResumeParts) => ({
  'session/detach': (session, { graceMs: asked }) => {
    const line = lineOf(session);
    if (line.graceMs === undefined) throw invalidParam('sessionId', 'the session was not created with resume, so nobody could attach it; close it with session/close');
    lines.requireKeeping();
    const graceMs = Math.min(asked ?? line.graceMs, policy.sessions.maxGraceMs);
    line.detach(graceMs, 'client');
    return { sessionId: session.id, graceMs };
  },
  'session/attach': ({ sessionId, resumeToken, acknowledged, streams }, signal) => {
    // A connection that has closed would never give it up again.
    signal.throwIfAborted();
    lines.requireKeeping();
    const line = lines.find(sessionId, resumeToken);
    const commands = line.attach(desk, visit, { acknowledged, streams });
    return { session: line.home.report(line), commands };
  },
  'command/wait': (session, { commandId }, signal) => lineOf(session).wait(commandId, signal),
}) satisfies Partial<Handlers>;

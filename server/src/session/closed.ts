/** The errors of whoever uses a session that is closed, or closing, or that there is not. */
import { type CloseReason, ProtocolError } from '../protocol/index.ts';

export function sessionClosed(sessionId: string, reason: CloseReason): ProtocolError {
  const why = {
    client: 'the client closed it',
    idle: 'it was idle for too long',
    lifetime: 'it reached its maximum lifetime',
    sandboxLost: 'its sandbox was lost',
    shutdown: 'the daemon is shutting down',
    detached: 'nobody attached it within its grace time',
  }[reason];
  return new ProtocolError('SessionClosed', `session ${sessionId} is closed, because ${why}; create a new session`, { sessionId, reason });
}

export function sessionNotFound(sessionId: string): ProtocolError {
  const shown = sessionId.slice(0, 100);
  return new ProtocolError('SessionNotFound', `there is no session ${shown}; create one with session/create`, { sessionId: shown });
}

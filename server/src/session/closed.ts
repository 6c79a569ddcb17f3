/** The error of whoever uses a session that is closed, or closing. */
import { type CloseReason, ProtocolError } from '../protocol/index.ts';

export function sessionClosed(sessionId: string, reason: CloseReason): ProtocolError {
  const why = {
    client: 'the client closed it',
    idle: 'it was idle for too long',
    lifetime: 'it reached its maximum lifetime',
    sandboxLost: 'its sandbox was lost',
    shutdown: 'the daemon is shutting down',
  }[reason];
  return new ProtocolError('SessionClosed', `session ${sessionId} is closed, because ${why}; create a new session`, { sessionId, reason });
}

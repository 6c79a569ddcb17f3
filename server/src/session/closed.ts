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

/** The session is another connection's now, or waits for one. */
export function sessionDetached(sessionId: string): ProtocolError {
  return new ProtocolError('SessionNotFound', `session ${sessionId} is no longer this connection's, because it was detached or another connection has attached it; session/attach takes it over`, { sessionId });
}

/** Of so many sessions that are no longer there it is known why. */
const MAX_REMEMBERED = 1_000;

/** Why sessions are no longer with a connection: they have closed, or their client has changed. It keeps words and no errors, because an error keeps all that its stack refers to. */
export class GoneSessions {
  readonly #reasons = new Map<string, CloseReason | 'moved'>();

  remember(sessionId: string, reason: CloseReason | 'moved'): void {
    this.#reasons.set(sessionId, reason);
    const [oldest] = this.#reasons.keys();
    if (this.#reasons.size > MAX_REMEMBERED && oldest !== undefined) this.#reasons.delete(oldest);
  }

  forget(sessionId: string): void {
    this.#reasons.delete(sessionId);
  }

  /** The error of whoever asks for a session that is not there. */
  fault(sessionId: string): ProtocolError {
    const reason = this.#reasons.get(sessionId);
    if (reason === undefined) return sessionNotFound(sessionId);
    return reason === 'moved' ? sessionDetached(sessionId) : sessionClosed(sessionId, reason);
  }
}

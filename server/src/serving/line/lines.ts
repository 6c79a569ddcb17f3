/** The lines of all sessions of a daemon. */
import { closeAll } from '../../base/promises.ts';
import { ProtocolError } from '../../protocol/index.ts';
import { sessionNotFound } from '../../session/closed.ts';
import type { Line } from './line.ts';

export class Lines {
  readonly #lines = new Map<string, Line>();
  #ending = false;

  /** Whether sessions still wait for clients that are lost. */
  get keep(): boolean {
    return !this.#ending;
  }

  /** How many sessions wait. */
  get waiting(): number {
    return [...this.#lines.values()].filter(({ waiting }) => waiting).length;
  }

  /** Its session has begun. It is forgotten when that closes. */
  add(line: Line): void {
    const { id, closed } = line.session;
    this.#lines.set(id, line);
    void closed.then(() => this.#lines.delete(id));
  }

  get(sessionId: string): Line | undefined {
    return this.#lines.get(sessionId);
  }

  /** @throws ProtocolError SessionNotFound, whatever it is that does not fit */
  find(sessionId: string, token: string): Line {
    const line = this.#lines.get(sessionId);
    if (line?.opensWith(token) && line.session.reason === undefined) return line;
    throw sessionNotFound(sessionId);
  }

  /** From now on no session waits, and those that do are closed. */
  async end(): Promise<void> {
    this.#ending = true;
    await closeAll([...this.#lines.values()].filter(({ waiting }) => waiting).map(({ session }) => session.close('shutdown')), 'not all sessions that waited could be closed');
  }

  /** @throws ProtocolError InvalidRequest where the daemon is ending */
  requireKeeping(): void {
    if (this.#ending) throw new ProtocolError('InvalidRequest', 'the daemon is shutting down: no session waits for anybody');
  }
}

/** The open sessions, as the daemon lists them. The list is requested again when the daemon says that a session has changed. */
import type { Session } from 'codebeaker/protocol';
import type { Clock } from '../base/clock.ts';
import { Listeners } from '../base/listeners.ts';
import { type Log, messageOf } from '../base/log.ts';
import type { Client } from '../client/client.ts';
import type { Connection } from '../client/connection.ts';

/** Changes that follow each other within this time lead to one request. */
const DEBOUNCE_MS = 60;

export interface SessionStoreParts {
  readonly client: Client;
  readonly clock: Clock;
  readonly log: Log;
  /** Whether people are not shown the session, because no run has used it yet. */
  isHidden(sessionId: string): boolean;
}

export class SessionStore {
  readonly #parts: SessionStoreParts;
  readonly #changed = new Listeners<readonly Session[]>();
  readonly #closed = new Listeners<string | undefined>();
  #connection: Connection | undefined;
  #listening: { dispose(): void } | undefined;
  #cancelLoad: (() => void) | undefined;
  sessions: readonly Session[] = [];

  constructor(parts: SessionStoreParts) {
    this.#parts = parts;
    parts.client.onChange((connection) => this.#connectionChanged(connection));
  }

  onChange(listener: (sessions: readonly Session[]) => void): { dispose(): void } {
    return this.#changed.add(listener);
  }

  /** Tells the id of each session that is closed, and undefined if the daemon has ended, and with it all sessions. */
  onClosed(listener: (sessionId: string | undefined) => void): { dispose(): void } {
    return this.#closed.add(listener);
  }

  /** The connection to the daemon that has the sessions. */
  get connection(): Connection | undefined {
    return this.#connection;
  }

  refresh(): void {
    this.#cancelLoad ??= this.#parts.clock.after(DEBOUNCE_MS, () => {
      this.#cancelLoad = undefined;
      void this.#load();
    });
  }

  dispose(): void {
    this.#cancelLoad?.();
    this.#listening?.dispose();
  }

  #connectionChanged(connection: Connection | undefined): void {
    this.#listening?.dispose();
    this.#connection = connection;
    this.#listening = connection?.on('session/stateChanged', ({ sessionId, state }) => {
      if (state === 'closed') this.#closed.tell(sessionId);
      this.refresh();
    });
    if (connection) return this.refresh();
    this.#closed.tell(undefined);
    this.#set([]);
  }

  async #load(): Promise<void> {
    const connection = this.#connection;
    if (!connection) return;
    try {
      const { sessions } = await connection.request('session/list', {});
      if (connection === this.#connection) this.#set(sessions.filter(({ sessionId }) => !this.#parts.isHidden(sessionId)));
    } catch (fault) {
      this.#parts.log.warn(`session/list: ${messageOf(fault)}`);
    }
  }

  /**
   * Tells the listeners only of changes that are shown. Listing a session's files changes its state for a moment; if that
   * were told, the view would list the files again, without end.
   */
  #set(sessions: readonly Session[]): void {
    const before = this.sessions.map(shownState).join();
    this.sessions = sessions;
    if (sessions.map(shownState).join() !== before) this.#changed.tell(sessions);
  }
}

function shownState({ sessionId, state }: Session): string {
  return `${sessionId} ${state}`;
}

/** The open sessions, as the daemon tells of them. */
import type { Session } from 'codebeaker/protocol';
import type { Clock } from '../base/clock.ts';
import { Listeners } from '../base/listeners.ts';
import { type Log, words } from '../base/log.ts';
import type { Client } from '../client/client.ts';
import type { Link } from '../client/link.ts';

/** Several changes at once are one look. */
const REST_MS = 60;

export class SessionStore {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #hides: (sessionId: string) => boolean;
  readonly #changed = new Listeners<readonly Session[]>();
  #link: Link | undefined;
  #listening: { dispose(): void } | undefined;
  #cancel: (() => void) | undefined;
  sessions: readonly Session[] = [];

  /** @param hides whether a session is none that a person knows of */
  constructor(client: Client, clock: Clock, log: Log, hides: (sessionId: string) => boolean) {
    this.#hides = hides;
    this.#clock = clock;
    this.#log = log;
    client.onChange((link) => this.#follow(link));
  }

  onChange(listener: (sessions: readonly Session[]) => void): { dispose(): void } {
    return this.#changed.add(listener);
  }

  /** The daemon the sessions are of. */
  get link(): Link | undefined {
    return this.#link;
  }

  refresh(): void {
    this.#cancel ??= this.#clock.after(REST_MS, () => {
      this.#cancel = undefined;
      void this.#look();
    });
  }

  dispose(): void {
    this.#cancel?.();
    this.#listening?.dispose();
  }

  #follow(link: Link | undefined): void {
    this.#listening?.dispose();
    this.#link = link;
    this.#listening = link?.on('session/stateChanged', () => this.refresh());
    if (link) this.refresh();
    else this.#set([]);
  }

  async #look(): Promise<void> {
    const link = this.#link;
    if (!link) return;
    try {
      const { sessions } = await link.request('session/list', {});
      if (link === this.#link) this.#set(sessions.filter(({ sessionId }) => !this.#hides(sessionId)));
    } catch (fault) {
      this.#log.warn(`session/list: ${words(fault)}`);
    }
  }

  /** A look into a session is a change to the daemon, and none to whoever looks: it must not make them look again. */
  #set(sessions: readonly Session[]): void {
    const before = this.sessions.map(summary).join();
    this.sessions = sessions;
    if (sessions.map(summary).join() !== before) this.#changed.tell(sessions);
  }
}

function summary({ sessionId, state }: Session): string {
  return `${sessionId} ${state}`;
}

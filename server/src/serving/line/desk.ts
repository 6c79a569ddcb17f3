/** A desk: where the sessions of one connection are attended to. It has the client, what runs for it, and the lines that lead there. */
import { RunningCommands } from '../../command/commands.ts';
import type { ProtocolError } from '../../protocol/index.ts';
import type { Session } from '../../session/session.ts';
import type { Client } from '../../wire/service.ts';
import { OutputFlows } from '../flow.ts';
import { ProgressTokens } from '../progress.ts';

/** Of so many sessions that are no longer here it is known why. */
const MAX_REMEMBERED = 1_000;

/** The end of a line that leads to a desk. */
interface Leading {
  readonly session: Pick<Session, 'id'>;
}

export class Desk<Line extends Leading = Leading> {
  readonly client: Client;
  /** Those that its client can name. */
  readonly commands = new RunningCommands();
  readonly flows = new OutputFlows();
  readonly progress: ProgressTokens;
  readonly #lines = new Map<string, Line>();
  readonly #gone = new Map<string, ProtocolError>();

  constructor(client: Client) {
    this.client = client;
    this.progress = new ProgressTokens(client);
  }

  /** The line of a session, if it leads here. */
  line(sessionId: string): Line | undefined {
    return this.#lines.get(sessionId);
  }

  get lines(): readonly Line[] {
    return [...this.#lines.values()];
  }

  /** Why a session that was here is here no longer. undefined: it never was, or that was long ago. */
  gone(sessionId: string): ProtocolError | undefined {
    return this.#gone.get(sessionId);
  }

  hold(line: Line): void {
    this.#lines.set(line.session.id, line);
    this.#gone.delete(line.session.id);
  }

  /** `why`: the error of whoever asks for the session here. */
  release({ session: { id } }: Line, why: ProtocolError): void {
    this.#lines.delete(id);
    this.#gone.set(id, why);
    const [oldest] = this.#gone.keys();
    if (this.#gone.size > MAX_REMEMBERED && oldest !== undefined) this.#gone.delete(oldest);
  }
}

/** Where the line of a session leads that waits for its client: nothing that is said there is heard. */
export function emptyDesk<Line extends Leading>({ capabilities }: Client): Desk<Line> {
  const silent = async () => undefined;
  return new Desk<Line>({ capabilities, notify: silent, request: () => Promise.reject(new Error('no client is there')), progress: silent, logTrace: () => undefined, logMessage: silent, showMessage: silent });
}

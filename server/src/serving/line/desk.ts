/** A desk: where the sessions of one connection are attended to. It has the client, what runs for it, and the lines that lead there. */
import { RunningCommands } from '../../command/commands.ts';
import { Debuggers } from '../../debug/debuggers.ts';
import type { CloseReason } from '../../protocol/index.ts';
import { GoneSessions } from '../../session/closed.ts';
import type { Session } from '../../session/session.ts';
import type { Client } from '../../wire/service.ts';
import { OutputFlows } from '../flow.ts';
import { ProgressTokens } from '../progress.ts';

/** The end of a line that leads to a desk. */
interface Leading {
  readonly session: Pick<Session, 'id'>;
}

export class Desk<Line extends Leading = Leading> {
  readonly client: Client;
  /** Those that its client can name. */
  readonly commands = new RunningCommands();
  readonly flows = new OutputFlows();
  readonly debuggers = new Debuggers();
  readonly progress: ProgressTokens;
  readonly #lines = new Map<string, Line>();
  /** Those that were here and are no longer. */
  readonly gone = new GoneSessions();

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

  hold(line: Line): void {
    this.#lines.set(line.session.id, line);
    this.gone.forget(line.session.id);
  }

  release({ session: { id } }: Line, reason: CloseReason | 'moved'): void {
    this.#lines.delete(id);
    this.gone.remember(id, reason);
  }
}

/** Where the line of a session leads that waits for its client: nothing that is said there is heard. */
export function emptyDesk<Line extends Leading>({ capabilities }: Client): Desk<Line> {
  const silent = async () => undefined;
  return new Desk<Line>({ capabilities, notify: silent, request: () => Promise.reject(new Error('no client is there')), progress: silent, logTrace: () => undefined, logMessage: silent, showMessage: silent });
}

/** What happens in a daemon, as one stream: whoever tells clients, measures, counts or keeps records listens here. */
import type { Log } from '../base/log.ts';
import type { CloseReason, CommandUsage, ErrorKind, LanguageId, Outcome, RuntimeInfo, SessionState } from '../protocol/index.ts';

/** The session that an event is about. */
export interface SessionIdentity {
  /** The connection that the session belongs to. */
  readonly visit: string;
  readonly sessionId: string;
  /** The id of its runtime. */
  readonly runtime: string;
  readonly language: LanguageId | undefined;
  /** Whether its sandbox was made ahead. */
  readonly warm: boolean;
}

/** The command that an event is about. */
export interface CommandIdentity extends SessionIdentity {
  readonly commandId: string;
}

/** Durations are milliseconds, sizes bytes. */
export type HouseEvent =
  /** The availability, version, languages or isolation of a runtime changed. `runtimes` are all of them. */
  | { readonly kind: 'runtimesChanged'; readonly runtimes: readonly RuntimeInfo[] }
  /** A sandbox was made for a session while the client waited; nothing was fetched and no folder shared on the way. */
  | { readonly kind: 'sandboxMade'; readonly runtime: string; readonly coldMs: number; readonly memoryBytes: number | undefined }
  /** A session is in another state. The first state of each is `ready`, the last one `closed`. */
  | { readonly kind: 'sessionChanged'; readonly session: SessionIdentity; readonly state: SessionState; readonly reason: CloseReason | undefined }
  /** An execution has its turn in its session. */
  | { readonly kind: 'commandBegan'; readonly command: CommandIdentity }
  /** The program of a command gave its first output, or ended without any, `afterMs` after its start. Compilers are left out. */
  | { readonly kind: 'commandHeard'; readonly command: CommandIdentity; readonly afterMs: number; readonly firstInSession: boolean }
  /** A command that began has ended; `failed` where no program could be run to an end. */
  | {
      readonly kind: 'commandEnded';
      readonly command: CommandIdentity;
      readonly outcome: Outcome | 'failed';
      readonly durationMs: number;
      readonly outputBytes: number;
      readonly usage: CommandUsage | undefined;
    }
  /** A call was answered with an error. */
  | { readonly kind: 'refused'; readonly visit: string; readonly method: string; readonly error: ErrorKind };

export type EventListener = (event: HouseEvent) => void;

/** Invariant: every listener hears every event, in the order in which they happen, before `emit` returns. */
export class EventStream {
  readonly #log: Log;
  readonly #listeners = new Set<EventListener>();

  constructor(log: Log) {
    this.#log = log;
  }

  /** Never throws: a listener that fails is logged, and the others hear the event. */
  emit(event: HouseEvent): void {
    for (const listener of this.#listeners) {
      try {
        listener(event);
      } catch (fault) {
        this.#log.error(`a listener failed at ${event.kind}`, fault);
      }
    }
  }

  /** The result ends the listening. */
  listen(listener: EventListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }
}

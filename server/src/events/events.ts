/** The events of a daemon, in one stream. Whatever notifies clients, measures, counts or keeps records is a listener. */
import type { Log } from '../base/log.ts';
import { type CloseReason, type CommandUsage, type ErrorKind, type LanguageId, type ManagerId, methods, type Outcome, ProtocolError, type RuntimeInfo, type Session, type SessionState } from '../protocol/index.ts';

/** Identifies the session that an event is about. */
export interface SessionIdentity {
  /** The id of the visit (the connection) that the session belongs to. */
  readonly visit: string;
  readonly sessionId: string;
  /** The id of its runtime. */
  readonly runtime: string;
  readonly language: LanguageId | undefined;
  /** Whether its sandbox was prepared in advance. */
  readonly warm: boolean;
}

/** Identifies the command that an event is about. */
export interface CommandIdentity extends SessionIdentity {
  readonly commandId: string;
}

/** Durations are in milliseconds, sizes in bytes. */
export type HouseEvent =
  /** The availability, version, languages or isolation of a runtime changed. `runtimes` lists all runtimes. */
  | { readonly kind: 'runtimesChanged'; readonly runtimes: readonly RuntimeInfo[] }
  /**
   * A sandbox was created while a client waited for it. The event is left out if something had to be downloaded or a
   * folder was shared, because `coldMs` would then not be comparable.
   */
  | { readonly kind: 'sandboxMade'; readonly runtime: string; readonly coldMs: number; readonly memoryBytes: number | undefined }
  /** A client was received, or left. */
  | { readonly kind: 'visitBegan' | 'visitEnded'; readonly visit: string }
  /** A session was made, in `tookMs`. `view` is what the client is told of it. */
  | { readonly kind: 'sessionMade'; readonly session: SessionIdentity; readonly view: Session; readonly tookMs: number }
  /** The state of a session changed. The first state of a session is `ready`, the last one `closed`. */
  | { readonly kind: 'sessionChanged'; readonly session: SessionIdentity; readonly state: SessionState; readonly reason: CloseReason | undefined }
  /** The client of a session was lost, or has given it up (`by`), and the session waits for another one, at most so long. */
  | { readonly kind: 'sessionDetached'; readonly session: SessionIdentity; readonly graceMs: number; readonly by: 'client' | 'lost' }
  /** The client of the visit `to` has taken a session over, which may have been made for another. */
  | { readonly kind: 'sessionAttached'; readonly session: SessionIdentity; readonly to: string }
  /** It is an execution's turn, and its program is about to start. */
  | { readonly kind: 'commandBegan'; readonly command: CommandIdentity }
  /**
   * The program of a command wrote its first output, or ended without output, `afterMs` after its start. Programs that
   * had to be compiled first are left out.
   */
  | { readonly kind: 'commandHeard'; readonly command: CommandIdentity; readonly afterMs: number; readonly firstInSession: boolean }
  /** An execution that had begun has ended. The outcome is `failed` if the request was answered with an error. */
  | {
      readonly kind: 'commandEnded';
      readonly command: CommandIdentity;
      readonly outcome: Outcome | 'failed';
      readonly durationMs: number;
      readonly outputBytes: number;
      readonly usage: CommandUsage | undefined;
    }
  /** Packages were installed for a session, or had been before. */
  | { readonly kind: 'packagesInstalled'; readonly session: SessionIdentity; readonly manager: ManagerId; readonly cached: boolean; readonly installed: readonly { readonly name: string; readonly version: string }[] }
  /** A program asked for a place on the network. `by`: whether the rules decided, or a person, for this time (`once`), for the rest of the session, or against it (`deny`). */
  | { readonly kind: 'networkDecided'; readonly visit: string; readonly sessionId: string; readonly host: string; readonly port: number; readonly allowed: boolean; readonly by: 'policy' | 'once' | 'session' | 'deny' }
  /**
   * A call was answered: with the outcome of a program, with another result (`ok`), or with an error. `runtime`: that of the
   * session which the call is about. Notifications that only tell something are left out, unless they failed.
   */
  | {
      readonly kind: 'served';
      readonly visit: string;
      readonly method: string;
      readonly runtime: string | undefined;
      readonly outcome: Outcome | 'ok' | undefined;
      readonly error: ErrorKind | undefined;
      readonly durationMs: number;
    }
  /** A message was answered with an error before it was served. `method` is `unknown` where no method of the protocol was named. */
  | { readonly kind: 'turnedAway'; readonly method: string; readonly error: ErrorKind };

/** Stands for whatever is no method of the protocol. */
const UNKNOWN = 'unknown';

/** The event that a message was turned away with `fault`. `method`: what it called, if it was a call. */
export function turnedAway(method: string | undefined, fault: unknown): HouseEvent {
  const known = methods.find(({ name, from }) => from === 'client' && name === method);
  return { kind: 'turnedAway', method: known?.name ?? UNKNOWN, error: fault instanceof ProtocolError ? fault.kind : 'InternalError' };
}

export type EventListener = (event: HouseEvent) => void;

/** Invariant: every listener is called with every event, in the order of the events, before `emit` returns. */
export class EventStream {
  readonly #log: Log;
  readonly #listeners = new Set<EventListener>();

  constructor(log: Log) {
    this.#log = log;
  }

  /** Never throws. If a listener throws, that is logged, and the other listeners are called all the same. */
  emit(event: HouseEvent): void {
    for (const listener of this.#listeners) {
      try {
        listener(event);
      } catch (fault) {
        this.#log.error(`a listener of the event ${event.kind} failed`, fault);
      }
    }
  }

  /** Calling the returned function removes the listener. */
  listen(listener: EventListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }
}

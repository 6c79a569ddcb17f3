/**
 * The warm interpreters of the sessions: which one waits in which session, and for which runs it can be used. At most
 * one waits in a session. It waits for a run like the last one: of the same file with the same arguments, or of code
 * that is sent as text.
 */
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { CloseReason, Environment, LanguageId, Limits, SessionState } from '../protocol/index.ts';
import type { Program, Sandbox } from '../runtime/ports.ts';
import { sourcePath } from '../runtime/scratch.ts';
import { WarmInterpreter } from './interpreter.ts';

/** What must be known of a session in which an interpreter waits. */
export interface Holder {
  readonly sandbox: Sandbox;
  readonly limits: Limits;
  readonly env: Environment;
  /** `settled`: those of its variables that name nothing which a program could change. */
  readonly environment?: { readonly settled: Environment };
  readonly state: SessionState;
  /** Why it is closing or closed; undefined while it is open. */
  readonly reason: CloseReason | undefined;
}

/** A run that may be repeated. `file` is undefined if the code was sent as text. */
export interface Wish {
  readonly language: LanguageId;
  readonly file: string | undefined;
  readonly args: readonly string[];
  readonly settings: Omit<Program, 'command'>;
}

/** The interpreter is undefined while it is being started. */
interface Slot {
  interpreter: WarmInterpreter | undefined;
}

export interface WarmInterpretersOptions {
  /** If false, no interpreter is ever started in advance. */
  readonly enabled: boolean;
  readonly clock: Clock;
  readonly log: Log;
}

/** How long a new session must have been quiet before an interpreter is started in it. */
const QUIET_MS = 150;

const MAX_FAILURES = 3;

/** In a session with lower limits than these, a waiting interpreter would use up too much of them. */
const MIN_MEMORY_BYTES = 256 * 1024 * 1024;
const MIN_PIDS = 64;

export class WarmInterpreters {
  readonly #options: WarmInterpretersOptions;
  readonly #soon = new Set<() => void>();
  readonly #slots = new WeakMap<Holder, Slot>();
  readonly #failures = new WeakMap<Holder, number>();

  constructor(options: WarmInterpretersOptions) {
    this.#options = options;
  }

  /**
   * Starts an interpreter when the session has been quiet for a moment. A client that creates a session often runs
   * something at once, and that must not be slowed down.
   */
  prepareSoon(session: Holder, language: LanguageId): void {
    if (!this.#options.enabled) return;
    const cancel = this.#options.clock.after(QUIET_MS, () => {
      this.#soon.delete(cancel);
      if (session.state === 'ready') this.prepare(session, firstWish(language, session.env));
    });
    this.#soon.add(cancel);
  }

  /** Starts no more interpreters. Those that wait are removed together with their sandboxes. */
  close(): void {
    for (const cancel of this.#soon) cancel();
  }

  /** Starts an interpreter in the background, unless one waits already. If that fails, nothing else does; after a few times it is not tried again. */
  prepare(session: Holder, wish: Wish): void {
    const failures = this.#failures.get(session) ?? 0;
    if (!this.#options.enabled || failures === MAX_FAILURES || this.#slots.has(session) || session.reason !== undefined || !mayWait(session.limits)) return;
    const slot: Slot = { interpreter: undefined };
    this.#slots.set(session, slot);
    warmUp(session.sandbox, wish, session.environment?.settled).then(
      (interpreter) => (interpreter ? (slot.interpreter = interpreter) : this.#slots.delete(session)),
      (fault: unknown) => {
        this.#slots.delete(session);
        this.#failures.set(session, failures + 1);
        this.#options.log.debug('an interpreter could not be started in advance', fault);
      },
    );
  }

  /**
   * Returns the interpreter that waits in the session; the caller owns it from then on. One that is still being started
   * is left for the next run.
   */
  take(session: Holder): WarmInterpreter | undefined {
    const interpreter = this.#slots.get(session)?.interpreter;
    if (interpreter) this.#slots.delete(session);
    return interpreter;
  }

  /** Adds an interpreter that was started in the sandbox before the session got it. */
  adopt(session: Holder, interpreter: WarmInterpreter): void {
    this.#slots.set(session, { interpreter });
  }

  discard(session: Holder, interpreter: WarmInterpreter): void {
    interpreter.kill(session.sandbox).catch((fault: unknown) => this.#options.log.debug('an interpreter that was not needed could not be removed', fault));
  }
}

/** What a client most likely runs first. */
export function firstWish(language: LanguageId, env: Environment = {}): Wish {
  return { language, file: undefined, args: [], settings: { cwd: '/workspace', env, stdin: 'none', pty: undefined } };
}

/** Starts an interpreter in a sandbox. Resolves with undefined if none can wait for this run here. */
export async function warmUp(sandbox: Sandbox, { language, file, args, settings }: Wish, settled: Environment = {}): Promise<WarmInterpreter | undefined> {
  const toolchain = await sandbox.toolchain(language);
  if (!toolchain?.warmUp) return undefined;
  return WarmInterpreter.start(sandbox, { toolchain, file: file ?? sourcePath(settings.cwd, toolchain), text: file === undefined, args, settings, settled });
}

/** Whether the limits of a sandbox are high enough for a waiting interpreter. */
export function mayWait({ memoryBytes, pids }: Pick<Limits, 'memoryBytes' | 'pids'>): boolean {
  return memoryBytes >= MIN_MEMORY_BYTES && pids >= MIN_PIDS;
}

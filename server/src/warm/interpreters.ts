/**
 * The warm interpreters of the sessions: which one waits in which session, and for which runs it can be used. At most
 * one waits in a session. After a run, the next one is started for the same language, and for the same file if the
 * client named one.
 */
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { CloseReason, Environment, LanguageId, Limits, SessionState } from '../protocol/index.ts';
import type { Program, Sandbox, Toolchain } from '../runtime/ports.ts';
import { sourcePath } from '../runtime/scratch.ts';
import { WarmInterpreter } from './interpreter.ts';

/** What must be known of a session in which an interpreter waits. */
export interface Holder {
  readonly sandbox: Sandbox;
  readonly limits: Limits;
  readonly env: Environment;
  readonly state: SessionState;
  /** Why it is closing or closed; undefined while it is open. */
  readonly reason: CloseReason | undefined;
}

/** What a run needs. `file` is undefined if the code was sent as text. */
export interface RunNeeds {
  readonly toolchain: Toolchain;
  readonly file: string | undefined;
  readonly args: readonly string[];
  readonly program: Omit<Program, 'command'>;
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

/** In a session with lower limits than these, a waiting interpreter would use up too much of them. */
const MIN_MEMORY_BYTES = 256 * 1024 * 1024;
const MIN_PIDS = 64;
/** Environment variables that interpreters and libraries read before they read the program, so they cannot be set later. */
const EARLY = /^(?:PYTHON|NODE|RUBY|GEM|BUNDLE|DENO|NPM|V8|UV_|LD_|LC_|GLIBC|MALLOC|GCONV|OPENSSL|SSL_|ICU|NO_COLOR|FORCE_COLOR|COLORTERM|(?:LANG|LANGUAGE|TZ|TERM|PATH|HOME|TMPDIR)$)/;

export class WarmInterpreters {
  readonly #options: WarmInterpretersOptions;
  readonly #soon = new Set<() => void>();
  readonly #slots = new WeakMap<Holder, Slot>();

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
      if (session.state === 'ready') this.prepare(session, language);
    });
    this.#soon.add(cancel);
  }

  /** Starts no more interpreters. Those that wait are removed together with their sandboxes. */
  close(): void {
    for (const cancel of this.#soon) cancel();
  }

  /** Starts an interpreter in the background, unless one waits already. If that fails, nothing else does. */
  prepare(session: Holder, language: LanguageId, file?: string): void {
    if (!this.#options.enabled || this.#slots.has(session) || !allows(session)) return;
    const slot: Slot = { interpreter: undefined };
    this.#slots.set(session, slot);
    warmUp(session.sandbox, language, file).then(
      (interpreter) => (interpreter ? (slot.interpreter = interpreter) : this.#slots.delete(session)),
      (fault: unknown) => {
        this.#slots.delete(session);
        this.#options.log.debug('an interpreter could not be started in advance', fault);
      },
    );
  }

  /**
   * Returns the waiting interpreter if it can be used for the run; the caller owns it from then on. One that cannot be
   * used is killed. One that is still being started is left for the next run.
   */
  take(session: Holder, needs: RunNeeds): WarmInterpreter | undefined {
    const interpreter = this.#slots.get(session)?.interpreter;
    if (!interpreter) return undefined;
    this.#slots.delete(session);
    if (interpreter.waits && suits(interpreter, needs)) return interpreter;
    this.discard(session, interpreter);
    return undefined;
  }

  /** Adds an interpreter that was started in the sandbox before the session got it. */
  adopt(session: Holder, interpreter: WarmInterpreter): void {
    this.#slots.set(session, { interpreter });
  }

  discard(session: Holder, interpreter: WarmInterpreter): void {
    interpreter.kill(session.sandbox).catch((fault: unknown) => this.#options.log.debug('an interpreter that was not needed could not be removed', fault));
  }
}

/**
 * Starts an interpreter in a sandbox. `file` is undefined for code that will be sent as text. Resolves with undefined
 * if the language has no warm interpreters here.
 */
export async function warmUp(sandbox: Sandbox, language: LanguageId, file?: string): Promise<WarmInterpreter | undefined> {
  const toolchain = await sandbox.toolchain(language);
  if (!toolchain?.warmUp) return undefined;
  return WarmInterpreter.start(sandbox, { toolchain, file: file ?? sourcePath('/workspace', toolchain) });
}

/** Whether the limits of a sandbox are high enough for a waiting interpreter. */
export function mayWait({ memoryBytes, pids }: Pick<Limits, 'memoryBytes' | 'pids'>): boolean {
  return memoryBytes >= MIN_MEMORY_BYTES && pids >= MIN_PIDS;
}

function allows({ limits, env, reason }: Holder): boolean {
  return reason === undefined && mayWait(limits) && !Object.keys(env).some((name) => EARLY.test(name));
}

function suits(interpreter: WarmInterpreter, { toolchain, file, args, program }: RunNeeds): boolean {
  const takes = toolchain.warmUp?.takes;
  if (interpreter.readiness.toolchain !== toolchain || !takes || program.pty) return false;
  const names = Object.keys(program.env);
  if (names.some((name) => EARLY.test(name)) || (names.length > 0 && !takes.env) || (args.length > 0 && !takes.args)) return false;
  return file === undefined || interpreter.runs(file);
}

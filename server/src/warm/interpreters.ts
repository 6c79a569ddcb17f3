/**
 * Which warm interpreter waits in which session, and for which run it will do. One waits at a time; after a run the
 * next is started for the same language, and for the same file where the client named one.
 */
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { CloseReason, Environment, LanguageId, Limits, SessionState } from '../protocol/index.ts';
import type { Program, Sandbox, Toolchain } from '../runtime/ports.ts';
import { sourcePath } from '../runtime/scratch.ts';
import { WarmInterpreter } from './interpreter.ts';

/** A session, as far as it matters to what waits in it. */
export interface Holder {
  readonly sandbox: Sandbox;
  readonly limits: Limits;
  readonly env: Environment;
  readonly state: SessionState;
  /** Why it closes or has closed. */
  readonly reason: CloseReason | undefined;
}

/** What a run asks for. `file` is undefined where the code came as text. */
export interface Wanted {
  readonly toolchain: Toolchain;
  readonly file: string | undefined;
  readonly args: readonly string[];
  readonly program: Omit<Program, 'command'>;
}

/** Taken from when an interpreter is asked for; filled when it is there. */
interface Slot {
  interpreter: WarmInterpreter | undefined;
}

export interface WarmInterpretersOptions {
  /** Where false, nothing waits. */
  readonly enabled: boolean;
  readonly clock: Clock;
  readonly log: Log;
}

const QUIET_MS = 150;

/** Where a session is allowed less, an interpreter that waits would take too much of it. */
const MIN_MEMORY_BYTES = 256 * 1024 * 1024;
const MIN_PIDS = 64;
/** Variables that interpreters and libraries look at before they look at the program. */
const EARLY = /^(?:PYTHON|NODE|RUBY|GEM|BUNDLE|DENO|NPM|V8|UV_|LD_|LC_|GLIBC|MALLOC|GCONV|OPENSSL|SSL_|ICU|NO_COLOR|FORCE_COLOR|COLORTERM|(?:LANG|LANGUAGE|TZ|TERM|PATH|HOME|TMPDIR)$)/;

export class WarmInterpreters {
  readonly #options: WarmInterpretersOptions;
  readonly #soon = new Set<() => void>();
  readonly #slots = new WeakMap<Holder, Slot>();

  constructor(options: WarmInterpretersOptions) {
    this.#options = options;
  }

  /** Starts one when the session has been quiet for a moment: a client that makes a session often runs something at once, and must not be slowed down. */
  prepareSoon(session: Holder, language: LanguageId): void {
    if (!this.#options.enabled) return;
    const cancel = this.#options.clock.after(QUIET_MS, () => {
      this.#soon.delete(cancel);
      if (session.state === 'ready') this.prepare(session, language);
    });
    this.#soon.add(cancel);
  }

  /** Nothing is started any more. What waits goes with its sandbox. */
  close(): void {
    for (const cancel of this.#soon) cancel();
  }

  /** Starts one, unless one waits already. Nobody waits for it, and nothing depends on it. */
  prepare(session: Holder, language: LanguageId, file?: string): void {
    if (!this.#options.enabled || this.#slots.has(session) || !allows(session)) return;
    const slot: Slot = { interpreter: undefined };
    this.#slots.set(session, slot);
    warmUp(session.sandbox, language, file).then(
      (interpreter) => (interpreter ? (slot.interpreter = interpreter) : this.#slots.delete(session)),
      (fault: unknown) => {
        this.#slots.delete(session);
        this.#options.log.debug('no interpreter could be started ahead', fault);
      },
    );
  }

  /**
   * The interpreter that waits, if it will do: it is the caller's then. One that won't do is killed; one that has not
   * come yet stays for the next run.
   */
  take(session: Holder, wanted: Wanted): WarmInterpreter | undefined {
    const interpreter = this.#slots.get(session)?.interpreter;
    if (!interpreter) return undefined;
    this.#slots.delete(session);
    if (interpreter.waits && suits(interpreter, wanted)) return interpreter;
    this.discard(session, interpreter);
    return undefined;
  }

  /** Takes over one that was started when the session was only a sandbox. */
  adopt(session: Holder, interpreter: WarmInterpreter): void {
    this.#slots.set(session, { interpreter });
  }

  discard(session: Holder, interpreter: WarmInterpreter): void {
    interpreter.kill(session.sandbox).catch((fault: unknown) => this.#options.log.debug('an interpreter that was not needed stays', fault));
  }
}

/** Starts one in a sandbox. `file` undefined: for code that will come as text. Resolves with undefined where the language has none. */
export async function warmUp(sandbox: Sandbox, language: LanguageId, file?: string): Promise<WarmInterpreter | undefined> {
  const toolchain = await sandbox.toolchain(language);
  if (!toolchain?.warmUp) return undefined;
  return WarmInterpreter.start(sandbox, { toolchain, file: file ?? sourcePath('/workspace', toolchain) });
}

/** Whether an interpreter may wait in a sandbox with these limits. */
export function mayWait({ memoryBytes, pids }: Pick<Limits, 'memoryBytes' | 'pids'>): boolean {
  return memoryBytes >= MIN_MEMORY_BYTES && pids >= MIN_PIDS;
}

function allows({ limits, env, reason }: Holder): boolean {
  return reason === undefined && mayWait(limits) && !Object.keys(env).some((name) => EARLY.test(name));
}

function suits(interpreter: WarmInterpreter, { toolchain, file, args, program }: Wanted): boolean {
  const takes = toolchain.warmUp?.takes;
  if (interpreter.readiness.toolchain !== toolchain || !takes || program.pty) return false;
  const names = Object.keys(program.env);
  if (names.some((name) => EARLY.test(name)) || (names.length > 0 && !takes.env) || (args.length > 0 && !takes.args)) return false;
  return file === undefined || interpreter.runs(file);
}

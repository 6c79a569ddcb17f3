/**
 * Which interpreter is started ahead in a session, and for which run it will do. One at a time; after a run the next is
 * started for the same language, and for the same file where the client named one.
 */
import type { Log } from '../base/log.ts';
import type { LanguageId } from '../protocol/index.ts';
import type { Program, Toolchain } from '../runtime/ports.ts';
import type { Session } from '../session/session.ts';
import { PrimedProgram } from './primed.ts';
import { sourcePath } from './temporary.ts';

/** What a run asks for. `file` is undefined where the code came as text. */
export interface Wanted {
  readonly toolchain: Toolchain;
  readonly file: string | undefined;
  readonly program: Omit<Program, 'command'>;
  /** Of the command alone, without the session's. */
  readonly env: Program['env'];
}

/** Taken from when one is asked for; filled when it is there. */
interface Slot {
  primed: PrimedProgram | undefined;
}

/** Where less is allowed, an interpreter that waits would take too much of it. */
const MIN_MEMORY_BYTES = 256 * 1024 * 1024;
const MIN_PIDS = 64;
/** Variables that interpreters and libraries look at before they look at the program. */
const EARLY = /^(?:PYTHON|NODE|RUBY|GEM|BUNDLE|DENO|NPM|V8|UV_|LD_|LC_|GLIBC|MALLOC|GCONV|OPENSSL|SSL_|ICU|NO_COLOR|FORCE_COLOR|COLORTERM|(?:LANG|LANGUAGE|TZ|TERM|PATH|HOME|TMPDIR)$)/;

export class Ahead {
  readonly #log: Log;
  readonly #slots = new WeakMap<Session, Slot>();

  constructor(log: Log) {
    this.#log = log;
  }

  /** Starts one, unless one waits already. Nobody waits for it, and nothing depends on it. */
  prepare(session: Session, language: LanguageId, file?: string): void {
    if (this.#slots.has(session) || !allows(session)) return;
    const slot: Slot = { primed: undefined };
    this.#slots.set(session, slot);
    this.#start(session, language, file).then(
      (primed) => (primed ? (slot.primed = primed) : this.#slots.delete(session)),
      (fault: unknown) => {
        this.#slots.delete(session);
        this.#log.debug('no interpreter could be started ahead', fault);
      },
    );
  }

  /** The one that waits, if it will do. It is the caller's then; one that won't do is killed. One that has not come yet stays for the next run. */
  take(session: Session, wanted: Wanted): PrimedProgram | undefined {
    const primed = this.#slots.get(session)?.primed;
    if (!primed) return undefined;
    this.#slots.delete(session);
    if (primed.waits && suits(primed, wanted)) return primed;
    this.discard(session, primed);
    return undefined;
  }

  discard(session: Session, primed: PrimedProgram): void {
    primed.kill(session.sandbox).catch((fault: unknown) => this.#log.debug('an interpreter that was not needed stays', fault));
  }

  async #start(session: Session, language: LanguageId, file: string | undefined): Promise<PrimedProgram | undefined> {
    const toolchain = await session.sandbox.toolchain(language);
    if (!toolchain?.prime) return undefined;
    return PrimedProgram.start(session.sandbox, { toolchain, file: file ?? sourcePath('/workspace', toolchain), env: session.env });
  }
}

function allows({ limits, env, reason }: Session): boolean {
  return reason === undefined && limits.memoryBytes >= MIN_MEMORY_BYTES && limits.pids >= MIN_PIDS && !Object.keys(env).some((name) => EARLY.test(name));
}

function suits(primed: PrimedProgram, { toolchain, file, program, env }: Wanted): boolean {
  if (primed.readiness.toolchain !== toolchain || program.pty) return false;
  if (Object.keys(env).some((name) => EARLY.test(name))) return false;
  return file === undefined || primed.runs(file);
}

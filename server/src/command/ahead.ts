/**
 * Which interpreter is started ahead in a session, and for which run it will do. One at a time; after a run the next is
 * started for the same language, and for the same file where the client named one.
 */
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { LanguageId, Limits } from '../protocol/index.ts';
import type { Program, Sandbox, Toolchain } from '../runtime/ports.ts';
import type { Session } from '../session/session.ts';
import { PrimedProgram } from './primed.ts';
import { sourcePath } from './temporary.ts';

/** What a run asks for. `file` is undefined where the code came as text. */
export interface Wanted {
  readonly toolchain: Toolchain;
  readonly file: string | undefined;
  readonly args: readonly string[];
  readonly program: Omit<Program, 'command'>;
}

/** Taken from when one is asked for; filled when it is there. */
interface Slot {
  primed: PrimedProgram | undefined;
}

export interface AheadOptions {
  /** Where not, nothing waits. */
  readonly enabled: boolean;
  readonly clock: Clock;
  readonly log: Log;
}

const QUIET_MS = 150;

/** Where less is allowed, an interpreter that waits would take too much of it. */
const MIN_MEMORY_BYTES = 256 * 1024 * 1024;
const MIN_PIDS = 64;
/** Variables that interpreters and libraries look at before they look at the program. */
const EARLY = /^(?:PYTHON|NODE|RUBY|GEM|BUNDLE|DENO|NPM|V8|UV_|LD_|LC_|GLIBC|MALLOC|GCONV|OPENSSL|SSL_|ICU|NO_COLOR|FORCE_COLOR|COLORTERM|(?:LANG|LANGUAGE|TZ|TERM|PATH|HOME|TMPDIR)$)/;

export class Ahead {
  readonly #options: AheadOptions;
  readonly #soon = new Set<() => void>();
  readonly #slots = new WeakMap<Session, Slot>();

  constructor(options: AheadOptions) {
    this.#options = options;
  }

  /** When a new session has been quiet for a moment: who makes one often runs something at once, and must not be slowed down. */
  prepareSoon(session: Session, language: LanguageId): void {
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
  prepare(session: Session, language: LanguageId, file?: string): void {
    if (!this.#options.enabled || this.#slots.has(session) || !allows(session)) return;
    const slot: Slot = { primed: undefined };
    this.#slots.set(session, slot);
    prime(session.sandbox, language, file).then(
      (primed) => (primed ? (slot.primed = primed) : this.#slots.delete(session)),
      (fault: unknown) => {
        this.#slots.delete(session);
        this.#options.log.debug('no interpreter could be started ahead', fault);
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

  /** One that was started when the session was only a sandbox. */
  adopt(session: Session, primed: PrimedProgram): void {
    this.#slots.set(session, { primed });
  }

  discard(session: Session, primed: PrimedProgram): void {
    primed.kill(session.sandbox).catch((fault: unknown) => this.#options.log.debug('an interpreter that was not needed stays', fault));
  }
}

/** Starts one in a sandbox. `file` undefined: for code that will come as text. */
export async function prime(sandbox: Sandbox, language: LanguageId, file?: string): Promise<PrimedProgram | undefined> {
  const toolchain = await sandbox.toolchain(language);
  if (!toolchain?.prime) return undefined;
  return PrimedProgram.start(sandbox, { toolchain, file: file ?? sourcePath('/workspace', toolchain) });
}

/** Whether one may wait there. */
export function mayWait({ memoryBytes, pids }: Pick<Limits, 'memoryBytes' | 'pids'>): boolean {
  return memoryBytes >= MIN_MEMORY_BYTES && pids >= MIN_PIDS;
}

function allows({ limits, env, reason }: Session): boolean {
  return reason === undefined && mayWait(limits) && !Object.keys(env).some((name) => EARLY.test(name));
}

function suits(primed: PrimedProgram, { toolchain, file, args, program }: Wanted): boolean {
  const takes = toolchain.prime?.takes;
  if (primed.readiness.toolchain !== toolchain || !takes || program.pty) return false;
  const names = Object.keys(program.env);
  if (names.some((name) => EARLY.test(name)) || (names.length > 0 && !takes.env) || (args.length > 0 && !takes.args)) return false;
  return file === undefined || primed.runs(file);
}

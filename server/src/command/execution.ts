/** One execution: one or more programs one after the other, one budget of time and output, one outcome. First cause wins. */
import type { Clock } from '../base/clock.ts';
import { deferred, Interruption } from '../base/promises.ts';
import type { CloseReason, CommandUsage, Execution as ExecutionResult, Outcome, Phase } from '../protocol/index.ts';
import type { Exit, Process, Program, Sandbox, Sink, Stream, TerminalSize } from '../runtime/ports.ts';
import type { Running } from '../session/session.ts';
import type { OutputTarget } from './output.ts';

export interface ExecutionOptions {
  readonly commandId: string;
  readonly sandbox: Sandbox;
  readonly clock: Clock;
  readonly target: OutputTarget;
  readonly outputBytes: number;
  /** 0: none. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Told how long its first program took to be heard of: its first output, or its end. Not where that is a compiler. */
  heard(afterMs: number): void;
}

/** After a time-out's TERM, KILL follows so much later. */
const TERM_GRACE_MS = 300;
/** Input that the program has not taken is kept up to here. */
const MAX_PENDING_INPUT_BYTES = 64 * 1024 * 1024;

/** How a program is started, when not by the sandbox from the beginning. */
export type Start = (sink: Sink) => Process | Promise<Process>;

type Cause = 'cancelled' | 'timedOut' | 'outputLimit' | 'sandboxLost';

export class Execution implements Running {
  readonly commandId: string;
  readonly #options: ExecutionOptions;
  readonly #startedAt: number;
  readonly #finished = deferred();
  readonly #stopped = new Interruption();
  readonly #cleanups: (() => void)[] = [];
  readonly #phases: Phase[] = [];
  #process: Process | undefined;
  #cause: Cause | undefined;
  #bytes = { stdout: 0, stderr: 0 };
  #usage: CommandUsage | undefined;
  #last: Exit | undefined;
  /** No program comes after the last one. */
  #over = false;
  #input: Promise<void> = Promise.resolve();
  #pendingInput = 0;
  readonly #ready = deferred<Process | undefined>();

  constructor(options: ExecutionOptions) {
    this.#options = options;
    this.commandId = options.commandId;
    const { clock, timeoutMs, signal } = options;
    this.#startedAt = clock.monotonic();
    if (timeoutMs > 0) this.#cleanups.push(clock.after(timeoutMs, () => this.#stop('timedOut')));
    const cancel = () => this.#stop('cancelled');
    signal.addEventListener('abort', cancel, { once: true });
    this.#cleanups.push(() => signal.removeEventListener('abort', cancel));
    if (signal.aborted) cancel();
  }

  /** Resolves when its result has been handed on. */
  get done(): Promise<void> {
    return this.#finished.promise;
  }

  /** Whether something ended it before its programs did. What fails from then on is no fault. */
  get stopped(): boolean {
    return this.#cause !== undefined;
  }

  /** Whether the next program may run: the last one ended well and nothing stopped the execution. */
  get mayGoOn(): boolean {
    return !this.#cause && !this.#over;
  }

  /**
   * Runs one program to its end. `started` is called as soon as it runs.
   * Input, signals and resizing are for the one named `run`, which is the last. `start` is how it is started.
   */
  async run(name: Phase['name'], program: Program, started: () => void, start: Start = (sink) => this.#options.sandbox.start(program, sink)): Promise<void> {
    if (this.#cause) return;
    const { clock } = this.#options;
    const begin = clock.monotonic();
    const heard = name === 'run' && this.#phases.length === 0 ? once(this.#options.heard, clock, begin) : () => undefined;
    const process = await start((stream, chunk) => {
      heard();
      return this.#take(stream, chunk);
    });
    this.#process = process;
    started();
    if (this.#cause) this.#kill(process);
    if (name === 'run') this.#ready.resolve(process);
    const exit = await process.exited;
    // What was ended tells nothing of how soon it would have.
    if (!this.#cause && exit.kind === 'exited') heard();
    this.#process = undefined;
    this.#last = exit;
    this.#over = name === 'run' || exit.kind !== 'exited' || exit.code !== 0;
    if (exit.kind === 'lost') this.#cause ??= 'sandboxLost';
    else this.#account(exit.usage);
    this.#phases.push({ name, ...this.#verdict(), durationMs: round(clock.monotonic() - begin) });
  }

  /** Its result: the last thing the client hears of it. */
  async finish(): Promise<ExecutionResult & { phases: Phase[] }> {
    if (!this.#cause) await this.#sink(this.#options.target.flush());
    return {
      commandId: this.commandId,
      ...this.#verdict(),
      ...this.#options.target.result,
      stdoutBytes: this.#bytes.stdout,
      stderrBytes: this.#bytes.stderr,
      truncated: this.#options.target.truncated || this.#cause === 'outputLimit',
      durationMs: round(this.#options.clock.monotonic() - this.#startedAt),
      ...(this.#usage ? { usage: this.#usage } : {}),
      phases: this.#phases,
    };
  }

  /** To be called when its result, or its error, has been handed on. */
  release(): void {
    for (const cleanup of this.#cleanups.splice(0)) cleanup();
    this.#ready.resolve(undefined);
    this.#finished.resolve();
  }

  /** The session closes. */
  end(reason: CloseReason): void {
    this.#stop(reason === 'sandboxLost' ? 'sandboxLost' : 'cancelled');
  }

  async signal(name: string): Promise<void> {
    await (await this.#ready.promise)?.signal(name);
  }

  async resize(size: TerminalSize): Promise<void> {
    await (await this.#ready.promise)?.resize(size);
  }

  /** In order, each piece when the program took the one before. False where too much is waiting: the piece is refused. */
  input(bytes: Buffer, end: boolean): boolean {
    if (this.#pendingInput + bytes.length > MAX_PENDING_INPUT_BYTES) return false;
    this.#pendingInput += bytes.length;
    this.#input = this.#input.then(async () => {
      await this.#feed(bytes, end);
      this.#pendingInput -= bytes.length;
    });
    return true;
  }

  /** Resolves when the program has taken all input so far, or can't any more. */
  async drained(): Promise<void> {
    await Promise.race([this.#input, this.done]);
  }

  async #feed(bytes: Buffer, end: boolean): Promise<void> {
    const process = await this.#ready.promise;
    // A program that has closed its stdin, or ended, takes no more: that is its own affair.
    if (process && bytes.length > 0) await process.write(bytes).catch(() => undefined);
    if (end) process?.end();
  }

  #take(stream: Stream, chunk: Buffer): void | Promise<void> {
    // Once it is stopped nobody waits for its output, least of all its own end.
    if (this.#cause) return;
    const room = this.#options.outputBytes - this.#bytes.stdout - this.#bytes.stderr;
    const piece = chunk.length > room ? chunk.subarray(0, room) : chunk;
    this.#bytes[stream === 'stderr' ? 'stderr' : 'stdout'] += piece.length;
    const taken = piece.length > 0 ? this.#options.target.take(stream, piece) : undefined;
    if (piece.length === chunk.length) return taken && this.#sink(taken);
    return this.#sink(Promise.resolve(taken)).then(() => this.#stop('outputLimit'));
  }

  /** Waits for the client to take output, but not longer than the execution lasts. */
  #sink(taken: Promise<void>): Promise<void> {
    return this.#stopped.limit(taken);
  }

  /** Nobody waits for the client any more. Where the programs have ended by themselves, that was the first cause. */
  #stop(cause: Cause): void {
    this.#stopped.happen();
    if (this.#cause || this.#over) return;
    this.#cause = cause;
    if (this.#process) this.#kill(this.#process);
  }

  #kill(process: Process): void {
    // Where that fails the sandbox is gone, and the exit says so.
    process.kill(this.#cause === 'timedOut' ? TERM_GRACE_MS : 0).catch(() => undefined);
  }

  #account(usage: CommandUsage | undefined): void {
    if (!usage) return;
    this.#usage = {
      cpuMs: (this.#usage?.cpuMs ?? 0) + usage.cpuMs,
      peakMemoryBytes: Math.max(this.#usage?.peakMemoryBytes ?? 0, usage.peakMemoryBytes),
    };
  }

  #verdict(): { outcome: Outcome; exitCode: number | null; signal: string | null } {
    const exit = this.#last;
    const exitCode = exit?.kind === 'exited' || exit?.kind === 'memoryLimit' ? exit.code : null;
    const signal = exit?.kind === 'signaled' || exit?.kind === 'memoryLimit' ? exit.signal : null;
    const kind = !exit || exit.kind === 'lost' ? 'sandboxLost' : exit.kind;
    return { outcome: this.#cause ?? kind, exitCode, signal };
  }
}

/** To a microsecond. */
function round(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}

/** Tells how long it is since `begin`, the first time only. */
function once(tell: (ms: number) => void, clock: Clock, begin: number): () => void {
  let told = false;
  return () => {
    if (told) return;
    told = true;
    tell(clock.monotonic() - begin);
  };
}

/**
 * A command that runs: one or more programs, one after the other, with one time limit, one output limit and one
 * outcome. If the command has several reasons to end, the first one decides the outcome.
 */
import type { Clock } from '../base/clock.ts';
import { deferred, Interruption } from '../base/promises.ts';
import type { CloseReason, CommandUsage, Execution, Phase } from '../protocol/index.ts';
import type { Exit, Process, Program, Sandbox, Stream, TerminalSize } from '../runtime/ports.ts';
import type { Running } from '../session/session.ts';
import { TURN_MS } from '../session/turns.ts';
import { watchCpu } from './cpu-watch.ts';
import { type Ending, endingOf } from './ending.ts';
import { once } from './heard.ts';
import type { Manner } from './manner.ts';
import type { OutputTarget } from './output.ts';
import type { CommandQuota } from './quota.ts';

export interface RunningCommandOptions {
  readonly commandId: string;
  readonly sandbox: Sandbox;
  readonly clock: Clock;
  readonly target: OutputTarget;
  /** The output limit. */
  readonly outputBytes: number;
  /** The processors of the sandbox. */
  readonly cpus: number;
  readonly quota: CommandQuota;
  /** The time limit; 0 means none. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** What a command that prints much waits for now and then, so that others get the processor. undefined: for nothing. */
  aside(): Promise<void> | undefined;
  /**
   * Called with the time from the start of the first program to its first output, or to its end if it has no output.
   * Not called if the first program is a compiler.
   */
  heard(afterMs: number): void;
}

/** When the time limit is reached, programs get SIGTERM, and SIGKILL this much later. */
const TERM_GRACE_MS = 300;
/** How much input is kept that the program has not taken yet. */
const MAX_PENDING_INPUT_BYTES = 64 * 1024 * 1024;

/** After so many bytes, a command that has printed for longer than a turn stands aside for commands that begin. */
const ASIDE_BYTES = 256 * 1024;

type Cause = 'cancelled' | 'timedOut' | 'outputLimit' | 'sandboxLost';

export class RunningCommand implements Running {
  readonly commandId: string;
  readonly #options: RunningCommandOptions;
  readonly #startedAt: number;
  readonly #finished = deferred();
  readonly #stopped = new Interruption();
  readonly #halted = deferred();
  readonly #stopping = new AbortController();
  /** Aborts when something ends it before its programs ended by themselves: a program that is being started is then killed. */
  readonly stopping = this.#stopping.signal;
  readonly #cleanups: (() => void)[] = [];
  readonly #phases: Phase[] = [];
  #child: Process | undefined;
  /** The sandbox of its last program. */
  #watched: Sandbox | undefined;
  #cause: Cause | undefined;
  /** The quota that ended it. */
  #quota: string | undefined;
  #bytes = { stdout: 0, stderr: 0 };
  #usage: CommandUsage | undefined;
  #last: Exit | undefined;
  /** Whether a program has ended after which no other one is to run. One that does all the same can be stopped as every other. */
  #over = false;
  #input: Promise<void> = Promise.resolve();
  #pendingInput = 0;
  #inputBytes = 0;
  /** What was printed since it stood aside last. */
  #printed = 0;
  readonly #ready = deferred<Process | undefined>();

  constructor(options: RunningCommandOptions) {
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

  /** Resolves when its result, or its error, has been returned. */
  get done(): Promise<void> {
    return this.#finished.promise;
  }

  /** Whether something ended it before its programs ended by themselves. Whatever fails after that is not an error. */
  get stopped(): boolean {
    return this.#cause !== undefined;
  }

  /** Resolves when something has ended it before its programs ended by themselves. */
  get halted(): Promise<void> {
    return this.#halted.promise;
  }

  /** How it has ended, if nothing more is to run; and the quota that ended it, if one did. */
  get ending(): Ending & { readonly quota: string | undefined } {
    return { ...endingOf(this.#last, this.#cause), quota: this.#quota };
  }

  /** Whether the next program may run: the last one succeeded, and nothing has stopped the command. */
  get mayGoOn(): boolean {
    return !this.#cause && !this.#over;
  }

  /**
   * Runs one program to its end, and resolves with that; undefined: it did not start. `started` is called as soon as it runs. The last program of a command has the name
   * `run`; input, signals and resizing are for that one.
   */
  async run(name: Phase['name'], program: Program, started: () => void, { sandbox = this.#options.sandbox, start = (sink, stop) => sandbox.start(program, sink, stop) }: Manner = {}): Promise<Exit | undefined> {
    if (this.#cause) return undefined;
    this.#over = false;
    const { clock } = this.#options;
    const begin = clock.monotonic();
    const heard = name === 'run' && this.#phases.length === 0 ? once(this.#options.heard, clock, begin) : () => undefined;
    const child = await start((stream, chunk) => {
      heard();
      return this.#take(stream, chunk);
    }, this.#stopping.signal);
    if (!child) return undefined;
    this.#watch(sandbox);
    this.#child = child;
    started();
    if (this.#cause) this.#kill(child);
    if (name === 'run') this.#ready.resolve(child);
    const exit = await child.exited;
    // The time until something ended it says nothing about the speed of the runtime.
    if (!this.#cause && exit.kind === 'exited') heard();
    this.#child = undefined;
    this.#last = exit;
    this.#over = name === 'run' || exit.kind !== 'exited' || exit.code !== 0;
    if (exit.kind === 'lost') this.#cause ??= 'sandboxLost';
    else this.#account(exit.usage);
    this.#phases.push({ name, ...endingOf(this.#last, this.#cause), durationMs: round(clock.monotonic() - begin) });
    return exit;
  }

  /** It has done what it is there for, whether a program had to run or not. */
  succeed(): void {
    if (this.#cause) return;
    this.#over = true;
    this.#last = { kind: 'exited', code: 0 };
  }

  /** Sends the rest of the output and returns the result. */
  async finish(): Promise<Execution & { phases: Phase[] }> {
    if (!this.#cause) await this.#stopped.limit(this.#options.target.flush());
    return {
      commandId: this.commandId,
      ...endingOf(this.#last, this.#cause),
      ...this.#options.target.result,
      stdoutBytes: this.#bytes.stdout,
      stderrBytes: this.#bytes.stderr,
      ...(this.#quota === undefined ? {} : { quota: this.#quota }),
      truncated: this.#options.target.truncated || this.#cause === 'outputLimit',
      durationMs: round(this.#options.clock.monotonic() - this.#startedAt),
      ...(this.#usage ? { usage: this.#usage } : {}),
      phases: this.#phases,
    };
  }

  /** Must be called when the result, or the error, has been returned. */
  release(): void {
    for (const cleanup of this.#cleanups.splice(0)) cleanup();
    this.#ready.resolve(undefined);
    this.#finished.resolve();
  }

  /** Ends the command, because its session closes. */
  end(reason: CloseReason): void {
    this.#stop(reason === 'sandboxLost' ? 'sandboxLost' : 'cancelled');
  }

  /** Sends a signal to its last program, when that has started. Resolves with false if that never starts, or has ended. */
  async signal(name: string): Promise<boolean> {
    const child = await this.#ready.promise;
    return child ? child.signal(name) : false;
  }

  async resize(size: TerminalSize): Promise<void> {
    await (await this.#ready.promise)?.resize(size);
  }

  /**
   * Writes to the program's stdin, after all input before. `end` closes stdin after `bytes`. Returns false, and drops
   * `bytes`, if too much input is waiting already.
   */
  input(bytes: Buffer, end: boolean): boolean {
    if (this.#pendingInput + bytes.length > MAX_PENDING_INPUT_BYTES) return false;
    this.#pendingInput += bytes.length;
    this.#inputBytes += bytes.length;
    this.#input = this.#input.then(async () => {
      await this.#feed(bytes, end);
      this.#pendingInput -= bytes.length;
    });
    return true;
  }

  /** How much input was taken on since it began. */
  get inputBytes(): number {
    return this.#inputBytes;
  }

  /** Resolves when the program has taken all input so far, or the command is done. */
  async drained(): Promise<void> {
    await Promise.race([this.#input, this.done]);
  }

  async #feed(bytes: Buffer, end: boolean): Promise<void> {
    const child = await this.#ready.promise;
    // It is no error if the program has closed its stdin or has ended.
    if (child && bytes.length > 0) await child.write(bytes).catch(() => undefined);
    if (end) child?.end();
  }

  /** The processor time of a sandbox is watched from its first program there on. */
  #watch(sandbox: Sandbox): void {
    if (this.#watched === sandbox) return;
    this.#watched = sandbox;
    const { clock, cpus, quota } = this.#options;
    const meter = quota.meter(sandbox);
    meter?.begin();
    this.#cleanups.push(() => void meter?.end(this.#usage?.cpuMs ?? 0));
    this.#cleanups.push(watchCpu({ sandbox, clock, cpus, rest: () => quota.restOfCpu(), spent: () => this.#stop('timedOut', quota.spent('cpuSeconds') ?? 'cpuSeconds') }));
  }

  #take(stream: Stream, chunk: Buffer): void | Promise<void> {
    // Output that comes after the command was stopped is dropped.
    if (this.#cause) return;
    const room = this.#options.outputBytes - this.#bytes.stdout - this.#bytes.stderr;
    const asked = Math.min(chunk.length, room);
    const allowed = this.#options.quota.takeOutput(asked);
    const piece = allowed < chunk.length ? chunk.subarray(0, allowed) : chunk;
    this.#bytes[stream === 'stderr' ? 'stderr' : 'stdout'] += piece.length;
    const taken = piece.length > 0 ? this.#standingAside(piece.length, this.#options.target.take(stream, piece)) : undefined;
    // It waits until the client has taken the output, or the command is stopped.
    if (piece.length === chunk.length) return taken && this.#stopped.limit(taken);
    return this.#stopped.limit(Promise.resolve(taken)).then(() => this.#stop('outputLimit', allowed < asked ? this.#options.quota.spent('outputBytes') : undefined));
  }

  /** Resolves when `taken` does and the command needs to stand aside no longer. */
  #standingAside(bytes: number, taken: void | Promise<void>): void | Promise<void> {
    this.#printed += bytes;
    if (this.#printed < ASIDE_BYTES || this.#options.clock.monotonic() - this.#startedAt < TURN_MS) return taken;
    const aside = this.#options.aside();
    if (!aside) return taken;
    this.#printed = 0;
    return Promise.all([taken, aside]).then(() => undefined);
  }

  /** From now on the command waits no longer for the client. If its programs have ended by themselves, that was the first cause. */
  #stop(cause: Cause, quota?: string): void {
    this.#stopped.happen();
    if (this.#cause || this.#over) return;
    this.#cause = cause;
    this.#quota = quota;
    this.#halted.resolve();
    this.#stopping.abort();
    if (this.#child) this.#kill(this.#child);
  }

  #kill(child: Process): void {
    // If this fails, the sandbox is gone, and `exited` says so.
    child.kill(this.#cause === 'timedOut' ? TERM_GRACE_MS : 0).catch(() => undefined);
  }

  #account(usage: CommandUsage | undefined): void {
    if (!usage) return;
    this.#usage = {
      cpuMs: (this.#usage?.cpuMs ?? 0) + usage.cpuMs,
      peakMemoryBytes: Math.max(this.#usage?.peakMemoryBytes ?? 0, usage.peakMemoryBytes),
    };
  }
}

/** Rounds to a microsecond. */
const round = (ms: number) => Math.round(ms * 1000) / 1000;

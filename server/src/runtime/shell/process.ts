/** A program that was started by a held shell. */
import { type Clock, sleep, within } from '../../base/clock.ts';
import { Interruption } from '../../base/promises.ts';
import type { Exit, Process, Program, Sink, TerminalSize } from '../ports.ts';
import { foundLine, killAndTell, killLine, ownStdinLine, REAP, signalLine, startLine } from './lines.ts';
import type { BorrowedShell } from './pool.ts';
import type { HeldShell } from './shell.ts';
import { parseReport } from './trailer.ts';

/** After the first try to kill a tree, which may come before the program has its own process group; each time that much longer. */
const KILL_AGAIN_MS = 50;
/** A tree that outlives this many tries, six seconds, costs the sandbox. Where a system call is dear one try takes half of one. */
const KILL_TRIES = 15;

/** After the first look at whether what was killed is gone; then more and more. Six seconds for all of them. */
const GONE_AGAIN_MS = 5;

export interface ProcessContext {
  readonly id: string;
  readonly clock: Clock;
  /** To the sandbox's first shell, which runs control lines at any time. */
  control(line: string): void;
  /** Runs a script in an idle shell, to its end. */
  operate(script: string): Promise<{ readonly status: number }>;
  readonly oomKills: { get(): number; set(count: number): void };
  /** Why it is gone: the exit of a program whose shell went away. */
  lostExit(): Promise<Exit>;
  /** Destroys the sandbox. */
  giveUp(why: string): void;
}

/** Signals and kills, for whatever kind of program. `base` is the process whose child the program is. */
export abstract class ControlledProcess implements Process {
  abstract readonly exited: Promise<Exit>;
  protected readonly context: ProcessContext;
  protected ended = false;
  /** Once asked to die, nothing of it may stay, not even what it left behind. */
  protected doomed = false;
  readonly #base: string;
  readonly #unheard = new Interruption();

  constructor(context: ProcessContext, base: string) {
    this.context = context;
    this.#base = base;
  }

  /** Where control lines go. */
  protected control(line: string): void {
    this.context.control(line);
  }

  async signal(name: string): Promise<void> {
    if (!this.ended) this.control(signalLine(name, this.#base, this.context.id));
  }

  async kill(graceMs = 0): Promise<void> {
    if (this.ended) return this.#killLeft();
    if (this.doomed) return;
    this.doomed = true;
    this.#unheard.happen();
    if (graceMs > 0) {
      this.control(signalLine('SIGTERM', this.#base, this.context.id));
      await within(this.context.clock, graceMs, this.exited);
    }
    for (let tries = 0; !this.ended; tries++) {
      if (tries === KILL_TRIES) return this.context.giveUp('a program could not be killed');
      this.sweep();
      await within(this.context.clock, KILL_AGAIN_MS * (tries + 1), this.exited);
    }
  }

  /**
   * What a program left behind when it ended by itself. It may be gone with the sandbox. The first shell needs no room
   * for this, where nothing can be started any more; another one tells when it is done.
   */
  async #killLeft(): Promise<void> {
    this.context.control(killLine(this.context.id, '0'));
    await this.untilGone(async () => {
      const told = await this.context.operate(killAndTell(this.context.id, '0')).catch(() => undefined);
      return told?.status !== 1;
    });
  }

  /** What was killed is there until it has had its turn on a processor, which on a busy machine takes a while. `look` kills what is left and resolves whether that was nothing. */
  protected async untilGone(look: () => Promise<boolean>): Promise<void> {
    for (let tries = 1; !(await look()); tries++) {
      if (tries === KILL_TRIES) return this.context.giveUp('what a program left could not be killed');
      await sleep(this.context.clock, GONE_AGAIN_MS * tries ** 2);
    }
  }

  /** A sink that holds nothing up: not the end of a program that must die, and nothing once it has failed. */
  protected heard(sink: Sink): Sink {
    return (stream, chunk) => {
      if (this.doomed) return;
      const taken = sink(stream, chunk);
      if (!taken) return;
      return this.#unheard.limit(taken).catch(() => this.#unheard.happen());
    };
  }

  protected sweep(): void {
    this.control(killLine(this.context.id, this.#base));
  }


  abstract write(bytes: Buffer): Promise<void>;
  abstract end(): void;

  async resize(_size: TerminalSize): Promise<void> {
    // A program without a terminal has no size.
  }

  protected async exitOf(trailer: string | undefined): Promise<{ exit: Exit; held: boolean }> {
    const report = trailer === undefined ? undefined : parseReport(trailer, this.context.oomKills.get());
    if (!report) return { exit: await this.context.lostExit(), held: true };
    this.context.oomKills.set(report.oomKills);
    return { exit: report.exit, held: report.held };
  }
}

/** In a shared shell, with no stdin or a little that came along. */
export class HeldProcess extends ControlledProcess {
  readonly exited: Promise<Exit>;
  readonly #borrowed: BorrowedShell;

  constructor(context: ProcessContext, borrowed: BorrowedShell, program: Program, sink: Sink) {
    super(context, '$W');
    this.#borrowed = borrowed;
    this.exited = this.#run(program, sink);
  }

  async #run(program: Program, sink: Sink): Promise<Exit> {
    const { shell, giveBack } = this.#borrowed;
    const trailer = await shell.run((mark) => startLine(mark, this.context.id, program), this.heard(sink));
    const { exit, held } = await this.exitOf(trailer);
    if (this.doomed && trailer !== undefined) {
      await this.untilGone(async () => {
        this.sweep();
        return Number((await shell.run(foundLine, () => undefined)) ?? 0) === 0;
      });
    }
    this.ended = true;
    shell.control(REAP);
    giveBack(!held && shell.alive);
    return exit;
  }

  /** `$W` is a variable of the shell that runs it. */
  protected override control(line: string): void {
    this.#borrowed.shell.control(line);
  }

  async write(): Promise<void> {
    // It was started without an open stdin.
  }

  end(): void {
    // It was started without an open stdin.
  }
}

/** In a shell of its own, whose stdin is the program's after the first line. */
export class OwnStdinProcess extends ControlledProcess {
  readonly exited: Promise<Exit>;
  readonly #shell: HeldShell;

  constructor(context: ProcessContext, shell: HeldShell, pid: number, program: Program, sink: Sink) {
    super(context, String(pid));
    this.#shell = shell;
    this.exited = this.#run(program, sink);
    if (Buffer.isBuffer(program.stdin)) void this.write(program.stdin).then(() => this.end());
  }

  async #run(program: Program, sink: Sink): Promise<Exit> {
    const trailer = await this.#shell.run((mark) => ownStdinLine(mark, this.context.id, program), this.heard(sink));
    const { exit } = await this.exitOf(trailer);
    if (this.doomed) this.sweep();
    this.ended = true;
    this.#shell.destroy();
    return exit;
  }

  write(bytes: Buffer): Promise<void> {
    return this.#shell.write(bytes);
  }

  end(): void {
    this.#shell.endInput();
  }
}

/**
 * A warm interpreter: it has been started in advance, just as a run of its program is started, and is held before it
 * looks at the program's file.
 */
import type { Environment } from '../protocol/index.ts';
import type { HeldProcess, Process, Program, Sandbox, Sink, Toolchain } from '../runtime/ports.ts';
import { scratchFolder } from '../runtime/scratch.ts';

/** A run, as far as it must be known when its interpreter is started. The text of the file and the input are not. */
export interface Expectation {
  readonly toolchain: Toolchain;
  /** The source file. It need not exist yet. */
  readonly file: string;
  /** The file is one that the daemon writes, for code that is sent as text. */
  readonly text: boolean;
  readonly args: readonly string[];
  readonly settings: Omit<Program, 'command'>;
  /** Those of its variables that name nothing which a program could change. */
  readonly settled?: Environment;
}

interface Output {
  /** Where the output of the program goes. undefined while the interpreter waits. */
  sink: Sink | undefined;
  /** What it has written before it was held. It belongs to the output of the program. */
  readonly early: Parameters<Sink>[];
  /** Whether it is held. */
  held: boolean;
  /** Whether it has ended or was killed while it waited, or somebody has written to its terminal. It cannot be used then. */
  spoiled: boolean;
}

export class WarmInterpreter {
  readonly expected: Expectation;
  /** A folder of files that the interpreter needs until its program has ended. */
  readonly scratch: string;
  readonly #child: HeldProcess;
  readonly #output: Output;

  private constructor(expected: Expectation, scratch: string, child: HeldProcess, output: Output) {
    this.expected = expected;
    this.scratch = scratch;
    this.#child = child;
    this.#output = output;
    void child.exited.then(() => (output.spoiled = true));
  }

  /** Resolves with undefined if none can wait for this run. @throws ProtocolError if it can't be started */
  static async start(sandbox: Sandbox, expected: Expectation): Promise<WarmInterpreter | undefined> {
    if (!canWait(sandbox, expected)) return undefined;
    const { toolchain, file, args, settings } = expected;
    const scratch = scratchFolder();
    const [phase] = toolchain.phases(file, args, scratch);
    const extra = toolchain.warmUp?.extra(scratch);
    if (!phase || !extra) return undefined;
    for (const [path, text] of Object.entries({ ...phase.files, ...extra.files })) {
      await sandbox.files.write(path, Buffer.from(text), { mode: 'overwrite', executable: undefined });
    }
    const output: Output = { sink: undefined, early: [], held: false, spoiled: false };
    const stdin = Buffer.isBuffer(settings.stdin) ? 'open' : settings.stdin;
    const program: Program = { ...settings, stdin, command: phase.command, env: { ...phase.env, ...settings.env, ...extra.env } };
    const child = await sandbox.hold(program, file, (stream, chunk) => {
      if (output.sink) return passOn(output, [[stream, chunk]]);
      if (output.held) output.spoiled = true;
      else output.early.push([stream, chunk]);
    });
    output.held = true;
    return new WarmInterpreter(expected, scratch, child, output);
  }

  /** Whether it still waits, as far as is known, and can be used. */
  get waits(): boolean {
    return !this.#output.spoiled && !this.#output.sink;
  }

  /** Whether a run would be started just as this one was. */
  suits(run: Expectation): boolean {
    return this.waits && this.expected.toolchain === run.toolchain && essence(this.expected) === essence(run);
  }

  /**
   * Lets it run its program. Resolves with undefined if it can't any more, because something has happened to it: then
   * nothing of the program has run. If `stop` aborts before it runs, it is killed.
   */
  async go(stdin: Program['stdin'], sink: Sink, stop?: AbortSignal): Promise<Process | undefined> {
    this.#output.sink = sink;
    if (!(await this.#child.release(stop))) return undefined;
    // A sink that takes nothing says so again when the program writes.
    void Promise.resolve(passOn(this.#output)).catch(() => undefined);
    if (Buffer.isBuffer(stdin)) void this.#child.write(stdin).then(() => this.#child.end());
    return this.#child;
  }

  async kill(sandbox: Sandbox): Promise<void> {
    this.#output.spoiled = true;
    await this.#child.kill();
    await sandbox.files.delete(this.scratch, { recursive: true, force: true });
  }
}

/** Passes on these pieces, after those from before it was held. */
function passOn({ sink, early }: Output, pieces: readonly Parameters<Sink>[] = []): void | Promise<void> {
  const all = [...early.splice(0), ...pieces];
  const [only] = all;
  if (!sink || !only) return;
  if (all.length === 1) return sink(...only);
  return Promise.all(all.map((piece) => Promise.resolve(sink(...piece)))).then(() => undefined);
}

function canWait({ can }: Sandbox, { toolchain: { warmUp }, settings: { env }, settled = {} }: Expectation): boolean {
  return can.hold && warmUp !== undefined && !Object.keys(env).some((name) => warmUp.early.test(name) && env[name] !== settled[name]);
}

/** Everything about a run that the process was given when it was started. */
function essence({ file, text, args, settings: { cwd, env, stdin, pty, stderrToStdout = false } }: Expectation): string {
  return JSON.stringify([file, text, args, cwd, Object.entries(env), stdin !== 'none', pty, stderrToStdout]);
}

/** A warm interpreter: it has been started in advance and waits for the one program that it will run. */
import type { Process, Program, Sandbox, Sink, Toolchain } from '../runtime/ports.ts';
import { type Order, orderBytes } from '../runtime/warm-up/order.ts';
import { scratchFolder } from '../runtime/scratch.ts';

/** What is fixed when the interpreter is started. Everything else about the program can be sent to it later. */
export interface Readiness {
  readonly toolchain: Toolchain;
  /** The source file that it expects to run. */
  readonly file: string;
}

interface Output {
  /** Where the output of the program goes. undefined while the interpreter waits. */
  sink: Sink | undefined;
  /** Whether the interpreter has written something or ended while it waited, or was killed. It cannot be used then. */
  spoiled: boolean;
}

export class WarmInterpreter {
  readonly readiness: Readiness;
  /** A folder of files that the interpreter needs until its program has ended. */
  readonly scratch: string;
  readonly #child: Process;
  readonly #output: Output;

  private constructor(readiness: Readiness, scratch: string, child: Process, output: Output) {
    this.readiness = readiness;
    this.scratch = scratch;
    this.#child = child;
    this.#output = output;
    void child.exited.then(() => (output.spoiled = true));
  }

  /** Resolves with undefined if the toolchain has no warm interpreters. */
  static async start(sandbox: Sandbox, readiness: Readiness): Promise<WarmInterpreter | undefined> {
    const { toolchain, file } = readiness;
    const scratch = scratchFolder();
    const started = toolchain.warmUp?.start(file, scratch);
    if (!started) return undefined;
    for (const [path, text] of Object.entries(started.files)) {
      await sandbox.files.write(path, Buffer.from(text), { mode: 'overwrite', executable: undefined });
    }
    const output: Output = { sink: undefined, spoiled: false };
    const program: Program = { command: started.command, cwd: '/workspace', env: started.env, stdin: 'open', pty: undefined };
    const child = await sandbox.start(program, (stream, chunk) => {
      if (output.sink) return output.sink(stream, chunk);
      // An interpreter that writes something while it waits has failed to start.
      output.spoiled = true;
    });
    return new WarmInterpreter(readiness, scratch, child, output);
  }

  /** Whether it still waits, as far as is known, and can be used. */
  get waits(): boolean {
    return !this.#output.spoiled && !this.#output.sink;
  }

  /** Whether it can run this source file. */
  runs(file: string): boolean {
    const { toolchain, file: expected } = this.readiness;
    return toolchain.warmUp?.takes.file === true || file === expected;
  }

  /** Makes it run the program. The order and the program's input both go to its stdin. */
  go(order: Order, stdin: Program['stdin'], sink: Sink): Process {
    this.#output.sink = sink;
    const child = this.#child;
    const sent = child.write(Buffer.isBuffer(stdin) ? Buffer.concat([orderBytes(order), stdin]) : orderBytes(order));
    if (stdin !== 'open') void sent.then(() => child.end());
    return child;
  }

  async kill(sandbox: Sandbox): Promise<void> {
    this.#output.spoiled = true;
    await this.#child.kill();
    await sandbox.files.delete(this.scratch, { recursive: true, force: true });
  }
}

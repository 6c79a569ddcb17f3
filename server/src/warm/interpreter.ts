/** An interpreter that was started ahead and waits for one program. It is used once, or killed. */
import type { Process, Program, Sandbox, Sink, Toolchain } from '../runtime/ports.ts';
import { type Order, orderBytes } from '../runtime/warm-up/order.ts';
import { scratchFolder } from '../runtime/scratch.ts';

/** What it was started for: what else it is given can be told it later. */
export interface Readiness {
  readonly toolchain: Toolchain;
  /** The file it will run. */
  readonly file: string;
}

interface Output {
  sink: Sink | undefined;
  spoiled: boolean;
}

export class WarmInterpreter {
  readonly readiness: Readiness;
  /** The folder that has to stay until the program has ended. */
  readonly scratch: string;
  readonly #process: Process;
  readonly #output: Output;

  private constructor(readiness: Readiness, scratch: string, process: Process, output: Output) {
    this.readiness = readiness;
    this.scratch = scratch;
    this.#process = process;
    this.#output = output;
    void process.exited.then(() => (output.spoiled = true));
  }

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
    const process = await sandbox.start(program, (stream, chunk) => {
      if (output.sink) return output.sink(stream, chunk);
      // What speaks before it is asked did not become what it should.
      output.spoiled = true;
    });
    return new WarmInterpreter(readiness, scratch, process, output);
  }

  /** Whether it still waits, as far as is known. */
  get waits(): boolean {
    return !this.#output.spoiled && !this.#output.sink;
  }

  /** Whether it can run this file. */
  runs(file: string): boolean {
    const { toolchain, file: expected } = this.readiness;
    return toolchain.warmUp?.takes.file === true || file === expected;
  }

  /** Lets it go on to the program. */
  go(order: Order, stdin: Program['stdin'], sink: Sink): Process {
    this.#output.sink = sink;
    const process = this.#process;
    const sent = process.write(Buffer.isBuffer(stdin) ? Buffer.concat([orderBytes(order), stdin]) : orderBytes(order));
    if (stdin !== 'open') void sent.then(() => process.end());
    return process;
  }

  async kill(sandbox: Sandbox): Promise<void> {
    this.#output.spoiled = true;
    await this.#process.kill();
    await sandbox.files.delete(this.scratch, { recursive: true, force: true });
  }
}

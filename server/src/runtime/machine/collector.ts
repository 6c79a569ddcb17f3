/** Keeps the output of a short program in memory, up to a limit. What is over the limit is dropped. */
import type { Sink } from '../ports.ts';

/** The messages of tools are short: of more than this nobody needs the rest. */
const MAX_STDERR_BYTES = 64 * 1024;

export class Collector {
  readonly #stdout: Buffer[] = [];
  readonly #stderr: Buffer[] = [];
  #stdoutBytes = 0;
  #stderrBytes = 0;
  readonly #limit: number;

  /** `limit`: of stdout, in bytes. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  readonly sink: Sink = (stream, chunk) => {
    if (stream === 'stderr') {
      if (this.#stderrBytes < MAX_STDERR_BYTES) this.#stderr.push(chunk);
      this.#stderrBytes += chunk.length;
    } else {
      if (this.#stdoutBytes < this.#limit) this.#stdout.push(chunk);
      this.#stdoutBytes += chunk.length;
    }
  };

  stdout(): Buffer {
    return Buffer.concat(this.#stdout).subarray(0, this.#limit);
  }

  stderr(): Buffer {
    return Buffer.concat(this.#stderr).subarray(0, MAX_STDERR_BYTES);
  }
}

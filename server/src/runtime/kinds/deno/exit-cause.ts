/** Finds out whether a program was ended because of memory, where the system reports only a signal. */
import type { Exit, Program, Sink } from '../../ports.ts';

/** The signals with which V8 ends its process after a fatal error. */
const V8_SIGNALS = ['SIGTRAP', 'SIGABRT', 'SIGILL'];
/** V8 prints this line before. A program can print it, too, and end itself by such a signal; it deceives nobody but its own user. */
const V8_MESSAGE = /# Fatal [^\n]*out of memory/;
/** So much of a chunk is kept, because the message may continue in the next one. */
const CARRY_LENGTH = 200;

export class ExitCause {
  #tail = '';
  #v8OutOfMemory = false;
  #exceeded = false;

  /** A sink that passes everything on to `sink`, and reads what goes to the program's stderr. */
  reading(sink: Sink, { stderrToStdout }: Pick<Program, 'stderrToStdout'>): Sink {
    const stderr = stderrToStdout ? 'stdout' : 'stderr';
    return (stream, chunk) => {
      if (stream === stderr) this.#read(chunk);
      return sink(stream, chunk);
    };
  }

  #read(chunk: Buffer): void {
    if (this.#v8OutOfMemory) return;
    const text = this.#tail + chunk.toString('latin1');
    this.#v8OutOfMemory = V8_MESSAGE.test(text);
    this.#tail = text.slice(-CARRY_LENGTH);
  }

  /** To be called before the program is killed because it uses too much memory. */
  exceed(): void {
    this.#exceeded = true;
  }

  /** Returns the exit that the system reports, or `memoryLimit` instead of it. */
  judge(exit: Exit): Exit {
    if (exit.kind !== 'signaled') return exit;
    const { signal } = exit;
    const memory = (this.#exceeded && signal === 'SIGKILL') || (this.#v8OutOfMemory && V8_SIGNALS.includes(signal));
    return memory ? { kind: 'memoryLimit', signal, code: null } : exit;
  }
}

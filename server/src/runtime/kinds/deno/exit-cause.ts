/** Why a program ended, where the system tells only of a signal. */
import type { Exit, Sink } from '../../ports.ts';

/** How V8 ends a process when it can't go on. */
const V8_SIGNALS = ['SIGTRAP', 'SIGABRT', 'SIGILL'];
/** What it writes before, on a line of its own. A program that writes it and dies so has lied about itself alone. */
const V8_WORDS = /# Fatal [^\n]*out of memory/;
const CARRY = 200;

export class ExitCause {
  #tail = '';
  #v8OutOfMemory = false;
  #exceeded = false;

  /** Gives everything on to `sink`, and reads what goes to stderr. */
  reading(sink: Sink): Sink {
    return (stream, chunk) => {
      if (stream === 'stderr') this.#read(chunk);
      return sink(stream, chunk);
    };
  }

  #read(chunk: Buffer): void {
    if (this.#v8OutOfMemory) return;
    const text = this.#tail + chunk.toString('latin1');
    this.#v8OutOfMemory = V8_WORDS.test(text);
    this.#tail = text.slice(-CARRY);
  }

  /** It is killed because it used too much. */
  exceed(): void {
    this.#exceeded = true;
  }

  judge(exit: Exit): Exit {
    if (exit.kind !== 'signaled') return exit;
    const { signal } = exit;
    const memory = (this.#exceeded && signal === 'SIGKILL') || (this.#v8OutOfMemory && V8_SIGNALS.includes(signal));
    return memory ? { kind: 'memoryLimit', signal, code: null } : exit;
  }
}

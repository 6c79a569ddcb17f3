/** One output stream of a process, piece by piece into a sink that may be slow. */
import type { Readable } from 'node:stream';
import type { Clock } from '../../base/clock.ts';

/** After the end of the program, a pipe in which nothing comes for so long is held by somebody else. */
const QUIET_MS = 50;
/** More than a pipe can hold: what comes later was not written by the program that has ended. */
const MAX_LATE_BYTES = 1024 * 1024;

export class Pump {
  /** Resolves when no more comes. Never rejects. */
  readonly done: Promise<void>;
  readonly #stream: Readable;
  #taken = 0;
  #taking = false;
  #ended = false;
  #lateFrom: number | undefined;
  #cancel: (() => void) | undefined;

  /** Reads on when `take` has settled. A sink that fails gets nothing more, but the program goes on. */
  constructor(stream: Readable, take: (chunk: Buffer) => void | Promise<void>) {
    this.#stream = stream;
    this.done = this.#run(take).finally(() => {
      this.#ended = true;
      this.#cancel?.();
    });
  }

  /** The program has ended. What it left in the pipe still goes through; nobody waits for others who hold the pipe. */
  finish(clock: Clock): void {
    this.#lateFrom = this.#taken;
    this.#lookAgain(clock);
  }

  /** A busy daemon's timers fire late, and before it has read what came meanwhile: so it reads once more first. */
  #lookAgain(clock: Clock): void {
    const before = this.#taken;
    this.#cancel = clock.after(QUIET_MS, () => {
      setImmediate(() => setImmediate(() => {
        if (this.#ended) return;
        if (!this.#taking && this.#taken === before) this.#stream.destroy();
        else this.#lookAgain(clock);
      }));
    });
  }

  async #run(take: (chunk: Buffer) => void | Promise<void>): Promise<void> {
    let broken = false;
    try {
      for await (const chunk of this.#stream as AsyncIterable<Buffer>) {
        this.#taken += chunk.length;
        this.#taking = true;
        if (!broken) await Promise.resolve(take(chunk)).catch(() => (broken = true));
        this.#taking = false;
        if (this.#lateFrom !== undefined && this.#taken - this.#lateFrom > MAX_LATE_BYTES) break;
      }
    } catch {
      // A stream that was destroyed has ended.
    }
  }
}

/** Moves one output stream of a process, piece by piece, into a sink that may be slow. */
import type { Readable } from 'node:stream';
import type { Clock } from '../../base/clock.ts';

/** When the program has ended and its pipe stays open, but nothing comes for so long, another process holds the pipe. */
const QUIET_MS = 50;
/** More than a pipe can hold. What comes after so many bytes was not written by the program, which has ended before. */
const MAX_LATE_BYTES = 1024 * 1024;

export class Pump {
  /** Resolves when the sink has taken the last piece. Never rejects. */
  readonly done: Promise<void>;
  readonly #stream: Readable;
  #taken = 0;
  #taking = false;
  #ended = false;
  #lateFrom: number | undefined;
  #cancel: (() => void) | undefined;

  /** The next piece is read when `take` has settled. A sink that fails gets nothing more, but the stream is still read, so that the program can go on. */
  constructor(stream: Readable, take: (chunk: Buffer) => void | Promise<void>) {
    this.#stream = stream;
    this.done = this.#run(take).finally(() => {
      this.#ended = true;
      this.#cancel?.();
    });
  }

  /** To be called when the program has ended. What is still in the pipe goes to the sink; other processes that hold the pipe open are not waited for. */
  finish(clock: Clock): void {
    this.#lateFrom = this.#taken;
    this.#lookAgain(clock);
  }

  /** When the daemon is busy, a timer fires late, and before what came meanwhile has been read: so it is given the chance to read first. */
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

/** Spreads what one session makes the daemon do over turns of the event loop, so that others are served in between. */
import { Duplex } from 'node:stream';

/** So much is read at once of what a program sends: a few dozen requests, if they are as short as can be. */
export const PIECE_BYTES = 1024;
/** So many pieces of work are done in one turn, of all connections of a session together. */
export const PER_TURN = 4;

export class Pace {
  readonly #waiting: { readonly stream: Duplex; readonly work: () => void }[] = [];
  #left = PER_TURN;
  #turning = false;

  /** Does one piece of work for a stream: at once, or in a later turn and in order where enough was done in this one. Nothing is done once the stream is destroyed. */
  run(stream: Duplex, work: () => void): void {
    this.#waiting.push({ stream, work });
    if (this.#waiting.length === 1) this.#work();
  }

  #work(): void {
    while (this.#left > 0) {
      const next = this.#waiting.shift();
      if (!next) break;
      if (next.stream.destroyed) continue;
      this.#left--;
      next.work();
    }
    if (this.#left === PER_TURN || this.#turning) return;
    this.#turning = true;
    setImmediate(() => {
      this.#turning = false;
      this.#left = PER_TURN;
      this.#work();
    });
  }
}

type Callback = (fault?: Error | null) => void;

/** A stream whose bytes come in small pieces, each of them when its turn comes. What is written to it passes as it is. */
export class PacedStream extends Duplex {
  readonly #source: Duplex;
  readonly #pace: Pace;
  #wanted = false;
  /** A piece waits for its turn. */
  #due = false;

  constructor(source: Duplex, pace: Pace) {
    super({ allowHalfOpen: true, readableHighWaterMark: PIECE_BYTES });
    this.#source = source;
    this.#pace = pace;
    this.on('error', () => undefined);
    source.on('error', (fault: Error) => this.destroy(fault));
    source.on('close', () => source.readableEnded && source.writableFinished || this.destroy());
    source.on('readable', () => this.#next()).on('end', () => this.push(null));
  }

  override _read(): void {
    this.#wanted = true;
    this.#next();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: Callback): void {
    this.#source.write(chunk, done);
  }

  override _final(done: Callback): void {
    this.#source.end(() => done());
  }

  override _destroy(fault: Error | null, done: Callback): void {
    this.#source.destroy();
    done(fault);
  }

  #next(): void {
    if (!this.#wanted || this.#due) return;
    // Where nothing is there, this asks for more, or finds that it has ended.
    if (this.#source.readableLength === 0) return void this.#source.read(0);
    this.#due = true;
    this.#pace.run(this, () => {
      this.#due = false;
      const piece = this.#source.read(Math.min(PIECE_BYTES, this.#source.readableLength)) as Buffer | null;
      if (piece === null) return;
      this.#wanted = this.push(piece);
      this.#next();
    });
  }
}

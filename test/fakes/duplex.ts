/** Two streams in memory that are connected: what is written to one is read from the other, never at once, and each direction ends by itself. */
import { Duplex } from 'node:stream';

class Side extends Duplex {
  other!: Side;
  #wanted: (() => void) | undefined;

  constructor() {
    super({ allowHalfOpen: true });
  }

  override _read(): void {
    const wanted = this.#wanted;
    this.#wanted = undefined;
    wanted?.();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (fault?: Error | null) => void): void {
    process.nextTick(() => this.other.#take(chunk, done));
  }

  override _final(done: (fault?: Error | null) => void): void {
    process.nextTick(() => this.other.#take(null, done));
  }

  /** One side that is destroyed before its end cuts the other one off. */
  override _destroy(fault: Error | null, done: (fault: Error | null) => void): void {
    const clean = this.writableFinished;
    done(fault);
    setImmediate(() => {
      if (!clean && !this.other.destroyed) this.other.destroy();
    });
  }

  #take(chunk: Buffer | null, done: () => void): void {
    if (this.destroyed) return done();
    if (this.push(chunk) || chunk === null) return done();
    this.#wanted = done;
  }
}

export function duplexPair(): [Duplex, Duplex] {
  const [one, two] = [new Side(), new Side()];
  one.other = two;
  two.other = one;
  return [one, two];
}

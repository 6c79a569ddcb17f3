/** Joins two streams: what comes from one goes to the other. Each direction has its own end, and what one side cuts off is cut off on the other. */
import type { Duplex, Readable, Writable } from 'node:stream';

/** Counts the bytes of a piece that wants to pass, and returns how many of them may. */
export type Count = (bytes: number) => number;

/** `moved` is called for each piece; where not all of it may pass, the rest is dropped and both streams are cut off. Resolves when both streams are closed; never rejects. */
export async function join(one: Duplex, two: Duplex, moved: Count): Promise<void> {
  const closed = [follow(one, two), follow(two, one)];
  const passage = new Passage(moved, () => {
    one.destroy();
    two.destroy();
  });
  passage.pump(one, two);
  passage.pump(two, one);
  await Promise.all(closed);
}

/** Lets pieces pass, in one direction or in both, as long as they may. `cut` is called once, when the last of what may pass has been handed on. */
export class Passage {
  readonly #moved: Count;
  readonly #cut: () => void;
  #isOver = false;

  constructor(moved: Count, cut: () => void) {
    this.#moved = moved;
    this.#cut = cut;
  }

  /** Whether nothing more may pass. */
  get isOver(): boolean {
    return this.#isOver;
  }

  pump(from: Readable, to: Writable): void {
    from.on('data', (chunk: Buffer) => {
      if (this.#isOver) return;
      const allowed = this.#moved(chunk.length);
      if (allowed < chunk.length) this.#end(to, chunk.subarray(0, allowed));
      else if (!to.destroyed && !to.write(chunk)) from.pause();
    });
    to.on('drain', () => from.resume());
    from.on('end', () => this.#isOver || to.end());
  }

  #end(to: Writable, last: Buffer): void {
    this.#isOver = true;
    if (last.length === 0 || to.destroyed) this.#cut();
    else to.write(last, () => this.#cut());
  }
}

/** Resolves when `stream` is closed. What it has sent until its end still arrives at `other`; if it was cut off before that, so is `other`. */
function follow(stream: Duplex, other: Duplex): Promise<void> {
  return new Promise((resolve) => {
    let failed = stream.destroyed;
    const close = () => {
      if (failed || !stream.readableEnded) other.destroy();
      else if (!stream.writableFinished && !other.writableFinished) other.once('finish', () => other.destroy());
      else if (!stream.writableFinished) other.destroy();
      resolve();
    };
    stream.on('error', () => {
      failed = true;
    });
    if (failed) close();
    else stream.once('close', close);
  });
}

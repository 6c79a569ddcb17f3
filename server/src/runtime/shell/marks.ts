/** Finds a mark in a stream of bytes, wherever its chunks are cut, and passes everything else on without delay. */
export class MarkScanner {
  readonly #mark: Buffer;
  #held: Buffer = Buffer.alloc(0);

  constructor(mark: string) {
    this.#mark = Buffer.from(mark, 'latin1');
  }

  /**
   * `data` is what surely comes before the mark. `rest` is set once the mark was found: what follows it.
   * Held back are only trailing bytes that may be the mark's beginning.
   */
  feed(chunk: Buffer): { data: Buffer; rest?: Buffer } {
    const bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    const at = bytes.indexOf(this.#mark);
    if (at >= 0) {
      this.#held = Buffer.alloc(0);
      return { data: bytes.subarray(0, at), rest: bytes.subarray(at + this.#mark.length) };
    }
    const kept = this.#possibleStart(bytes);
    this.#held = bytes.subarray(bytes.length - kept);
    return { data: bytes.subarray(0, bytes.length - kept) };
  }

  /** What was held back, when the stream ended without a mark. */
  flush(): Buffer {
    const held = this.#held;
    this.#held = Buffer.alloc(0);
    return held;
  }

  /** The length of the longest end of `bytes` that is a beginning of the mark. */
  #possibleStart(bytes: Buffer): number {
    const longest = Math.min(bytes.length, this.#mark.length - 1);
    for (let length = longest; length > 0; length--) {
      if (bytes.compare(this.#mark, 0, length, bytes.length - length) === 0) return length;
    }
    return 0;
  }
}

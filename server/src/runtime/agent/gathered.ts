/** Bytes that wait: small pieces are put together, so that what waits takes hardly more memory than it has bytes. */
export class Gathered {
  readonly #pieces: Buffer[] = [];
  /** Where small pieces are put together: the last of the pieces is its beginning. */
  #block: Buffer | undefined;
  #used = 0;

  get empty(): boolean {
    return this.#pieces.length === 0;
  }

  add(bytes: Buffer): void {
    // A large piece keeps hardly more than itself from being freed.
    if (bytes.length >= BLOCK_BYTES) {
      this.#pieces.push(bytes);
      this.#block = undefined;
    } else if (this.#block && this.#used + bytes.length <= BLOCK_BYTES) {
      this.#used += bytes.copy(this.#block, this.#used);
      this.#pieces[this.#pieces.length - 1] = this.#block.subarray(0, this.#used);
    } else {
      this.#block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
      this.#used = bytes.copy(this.#block);
      this.#pieces.push(this.#block.subarray(0, this.#used));
    }
  }

  /** The first piece. Nothing is added to it any more. */
  take(): Buffer | undefined {
    if (this.#pieces.length === 1) this.#block = undefined;
    return this.#pieces.shift();
  }

  clear(): void {
    this.#pieces.length = 0;
    this.#block = undefined;
  }
}

const BLOCK_BYTES = 16 * 1024;

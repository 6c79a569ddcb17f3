/** The messages on the channel to a debugged program: the length in four bytes, and as many bytes of JSON in UTF-8. */

/** A longer message is a fault of whoever sends it. */
export const MAX_FRAME_BYTES = 256 * 1024 * 1024;

const HEADER = 4;

export function frame(text: string): Buffer {
  const bytes = Buffer.allocUnsafe(HEADER + Buffer.byteLength(text));
  bytes.writeUInt32BE(bytes.length - HEADER);
  bytes.write(text, HEADER);
  return bytes;
}

/** Cuts what arrives into messages. */
export class FrameReader {
  readonly #take: (text: string) => void;
  #chunks: Buffer[] = [];
  #held = 0;
  /** How many bytes have to be there before there is something to do. */
  #needed = HEADER;

  constructor(take: (text: string) => void) {
    this.#take = take;
  }

  /** @throws Error where a message is announced that is too long */
  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#held += chunk.length;
    while (this.#held >= this.#needed) {
      const all = this.#chunks.length === 1 ? (this.#chunks[0] as Buffer) : Buffer.concat(this.#chunks);
      this.#chunks = [all];
      const length = all.readUInt32BE();
      if (length > MAX_FRAME_BYTES) throw new Error(`A message of ${length} bytes is too long.`);
      this.#needed = HEADER + length;
      if (all.length < this.#needed) return;
      this.#chunks = [all.subarray(this.#needed)];
      this.#held -= this.#needed;
      const text = all.toString('utf8', HEADER, this.#needed);
      this.#needed = HEADER;
      this.#take(text);
    }
  }
}

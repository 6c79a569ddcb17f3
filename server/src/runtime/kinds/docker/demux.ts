/**
 * Splits a stream of Docker's frames into stdout and stderr. A frame is: one byte for the stream (0 stdin, 1 stdout,
 * 2 stderr), three zeros, the length as 32 bits big-endian, then so many bytes.
 */

const HEADER = 8;
/** Docker sends at most 32 KiB in a frame. A length beyond this one means that these bytes are not the header of a frame. */
const MAX_FRAME = 16 * 1024 * 1024;

export type FrameSink = (stream: 'stdout' | 'stderr', chunk: Buffer) => void | Promise<void>;

/** Passes the pieces of frames on as they arrive, without collecting or copying them. */
export class Demultiplexer {
  readonly #sink: FrameSink;
  readonly #header = Buffer.alloc(HEADER);
  #headerBytes = 0;
  #stream: 'stdout' | 'stderr' = 'stdout';
  #left = 0;

  constructor(sink: FrameSink) {
    this.#sink = sink;
  }

  /**
   * Returns a promise only where the sink does; it resolves when the sink has taken everything.
   * @throws Error where the bytes are not frames
   */
  feed(chunk: Buffer): void | Promise<void> {
    return this.#from(chunk, 0);
  }

  #from(chunk: Buffer, start: number): void | Promise<void> {
    let at = start;
    while (at < chunk.length) {
      if (this.#left === 0) {
        at = this.#readHeader(chunk, at);
        continue;
      }
      const piece = chunk.subarray(at, Math.min(chunk.length, at + this.#left));
      at += piece.length;
      this.#left -= piece.length;
      const sunk = this.#sink(this.#stream, piece);
      if (sunk) {
        const next = at;
        return sunk.then(() => this.#from(chunk, next));
      }
    }
  }

  /** Returns where the header ends. After the header of an empty frame the next header follows. */
  #readHeader(chunk: Buffer, at: number): number {
    const taken = chunk.copy(this.#header, this.#headerBytes, at, at + HEADER - this.#headerBytes);
    this.#headerBytes += taken;
    if (this.#headerBytes < HEADER) return at + taken;
    this.#headerBytes = 0;
    const type = this.#header[0] ?? 0;
    this.#left = this.#header.readUInt32BE(4);
    if (type > 2 || this.#header.readUIntBE(1, 3) !== 0 || this.#left > MAX_FRAME) throw new Error('not a Docker stream frame');
    this.#stream = type === 2 ? 'stderr' : 'stdout';
    return at + taken;
  }
}

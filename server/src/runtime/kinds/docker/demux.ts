/** Docker's stream frames: type (0 stdin, 1 stdout, 2 stderr), three zeros, length as 32 bits big-endian, bytes. */

const HEADER = 8;
/** Docker sends at most 32 KiB a frame; a length beyond this is a stream that lost its place. */
const MAX_FRAME = 16 * 1024 * 1024;

export type FrameSink = (stream: 'stdout' | 'stderr', chunk: Buffer) => void | Promise<void>;

/** Gives pieces of frames on as they come, without gathering or copying them. */
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
   * Settles when the sink has taken everything; synchronous as long as the sink is.
   * @throws Error where the bytes are no frames.
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

  /** Returns where the header ends. A frame of no bytes leaves us before the next header. */
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

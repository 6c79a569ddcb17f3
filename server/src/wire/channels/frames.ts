/** The frames of the data channel, as PROTOCOL.md describes them. */

/** What a frame says about its stream. */
export const FrameKind = { data: 0, end: 1, credit: 2, reset: 3 } as const;

/** The length of the payload (u32), the stream (u32) and the kind (u8). Numbers are big-endian. */
export const HEADER_BYTES = 9;
/** The most payload of a frame. */
export const MAX_PAYLOAD_BYTES = 256 * 1024;

export interface DataFrame {
  readonly kind: number;
  readonly stream: number;
  readonly payload: Buffer;
}

export function header(kind: number, stream: number, payloadBytes: number): Buffer {
  const bytes = Buffer.allocUnsafe(HEADER_BYTES);
  bytes.writeUInt32BE(payloadBytes, 0);
  bytes.writeUInt32BE(stream, 4);
  bytes[8] = kind;
  return bytes;
}

/** Takes a stream of bytes apart into frames, wherever it was cut. A payload is a part of what was fed where that is possible. */
export class DataFrameReader {
  readonly #take: (frame: DataFrame) => void;
  /** The beginning of a frame, in pieces. They are put together when all of it is there, so the work is in proportion to the bytes. */
  #pieces: Buffer[] = [];
  #bytes = 0;
  #needed = HEADER_BYTES;

  constructor(take: (frame: DataFrame) => void) {
    this.#take = take;
  }

  /** @throws Error where the bytes make no sense */
  feed(chunk: Buffer): void {
    this.#pieces.push(chunk);
    this.#bytes += chunk.length;
    while (this.#bytes >= this.#needed) {
      const bytes = this.#pieces.length === 1 ? (this.#pieces[0] as Buffer) : Buffer.concat(this.#pieces);
      const size = bytes.readUInt32BE(0);
      if (size > MAX_PAYLOAD_BYTES) throw new Error(`a frame has ${size} bytes, and may have ${MAX_PAYLOAD_BYTES}`);
      const end = HEADER_BYTES + size;
      const whole = bytes.length >= end;
      if (whole) this.#take({ kind: bytes[8] as number, stream: bytes.readUInt32BE(4), payload: bytes.subarray(HEADER_BYTES, end) });
      const rest = whole ? bytes.subarray(end) : bytes;
      this.#pieces = rest.length > 0 ? [rest] : [];
      this.#bytes = rest.length;
      this.#needed = whole ? HEADER_BYTES : end;
    }
  }
}

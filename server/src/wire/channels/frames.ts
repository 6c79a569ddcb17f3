/** The frames of the data channel, as PROTOCOL.md describes them. */

/** What a frame says about its stream. */
export const FrameKind = { data: 0, end: 1, credit: 2, reset: 3, stop: 4 } as const;

/** The length of the payload (u32), the stream (u32) and the kind (u8). Numbers are big-endian. */
const HEADER_BYTES = 9;
/** The most payload of a frame. */
export const MAX_PAYLOAD_BYTES = 256 * 1024;

export interface FrameHandler {
  /** A part of a frame of data. Large ones come in several parts, as they arrive. */
  data(stream: number, bytes: Buffer): void;
  /** A whole frame of another kind. */
  frame(kind: number, stream: number, payload: Buffer): void;
}

export function header(kind: number, stream: number, payloadBytes: number): Buffer {
  const bytes = Buffer.allocUnsafe(HEADER_BYTES);
  bytes.writeUInt32BE(payloadBytes, 0);
  bytes.writeUInt32BE(stream, 4);
  bytes[8] = kind;
  return bytes;
}

/** A frame that is not data says little. */
const MAX_TOLD_BYTES = 1024;

/** Takes a stream of bytes apart into frames, wherever it was cut. The bytes of data are passed on without a copy. */
export class DataFrameReader {
  readonly #handler: FrameHandler;
  #rest: Buffer = Buffer.alloc(0);
  #stream = 0;
  /** How much of a frame of data is still to come. */
  #left = 0;

  constructor(handler: FrameHandler) {
    this.#handler = handler;
  }

  /** @throws Error where the bytes make no sense */
  feed(chunk: Buffer): void {
    let bytes = this.#rest.length > 0 ? Buffer.concat([this.#rest, chunk]) : chunk;
    for (;;) {
      const data = bytes.subarray(0, this.#left);
      this.#left -= data.length;
      if (data.length > 0) this.#handler.data(this.#stream, data);
      bytes = bytes.subarray(data.length);
      if (this.#left > 0 || bytes.length < HEADER_BYTES) break;
      const [size, stream, kind] = [bytes.readUInt32BE(0), bytes.readUInt32BE(4), bytes[8] as number];
      const most = kind === FrameKind.data ? MAX_PAYLOAD_BYTES : MAX_TOLD_BYTES;
      if (size > most) throw new Error(`a frame has ${size} bytes, and may have ${most}`);
      if (kind === FrameKind.data) {
        this.#stream = stream;
        this.#left = size;
        bytes = bytes.subarray(HEADER_BYTES);
        continue;
      }
      const end = HEADER_BYTES + size;
      if (bytes.length < end) break;
      this.#handler.frame(kind, stream, bytes.subarray(HEADER_BYTES, end));
      bytes = bytes.subarray(end);
    }
    this.#rest = bytes;
  }
}

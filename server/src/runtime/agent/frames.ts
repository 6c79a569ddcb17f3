/** The frames that the daemon and an agent send each other, as server/agent/README.md describes them. */

export const PROTOCOL_VERSION = 2;

/** The types of frames. The daemon sends those below 64. */
export const Type = {
  start: 1, data: 2, end: 3, credit: 4, signal: 5, kill: 6, resize: 7,
  read: 8, write: 9, makeDirectory: 10, copy: 11, remove: 12, list: 13, status: 14, facts: 15, find: 16, release: 17,
  listen: 18, connect: 19, close: 20, watchPorts: 21,
  hello: 64, started: 65, failed: 66, output: 67, exit: 68, gone: 69, taken: 70, done: 71, entries: 72, lost: 73, held: 74, released: 75, signaled: 76,
  opened: 77, accepted: 78, ended: 79, closed: 80, ports: 81,
} as const;

/** Where the bytes of an `output` frame come from. */
export const Origin = { content: 0, stdout: 1, stderr: 2, pty: 3 } as const;

/** The length of the payload, the channel and the type. Numbers are little-endian. */
export const HEADER_BYTES = 9;
/** The most payload of any frame but `start`. */
export const MAX_PAYLOAD_BYTES = 64 * 1024 + 16;
/** The most payload of `start`. A longer command line is E2BIG on every Linux. */
export const MAX_START_BYTES = 8 * 1024 * 1024;
/** So many bytes of input may be on their way to a program. */
export const STDIN_WINDOW_BYTES = 64 * 1024;
/** So many bytes may be on their way to a program on one connection. */
export const RELAY_WINDOW_BYTES = 128 * 1024;
/** The daemon chooses channels below this one. Those from here on are of connections that an agent has accepted. */
export const FIRST_ACCEPTED_CHANNEL = 2 ** 31;
/** An agent holds so many connections. */
export const MAX_CONNECTIONS = 512;

export function frame(type: number, channel: number, payload: Buffer = Buffer.alloc(0)): Buffer {
  const bytes = Buffer.allocUnsafe(HEADER_BYTES + payload.length);
  begin(bytes, type, channel, payload.length);
  payload.copy(bytes, HEADER_BYTES);
  return bytes;
}

/** What stands before a payload of this size. */
export function header(type: number, channel: number, payloadBytes: number): Buffer {
  const bytes = Buffer.allocUnsafe(HEADER_BYTES);
  begin(bytes, type, channel, payloadBytes);
  return bytes;
}

function begin(bytes: Buffer, type: number, channel: number, payloadBytes: number): void {
  bytes.writeUInt32LE(payloadBytes, 0);
  bytes.writeUInt32LE(channel, 4);
  bytes[8] = type;
}

/** Puts a payload together. */
export class Writer {
  readonly #parts: Buffer[] = [];

  u8(value: number): this {
    this.#parts.push(Buffer.from([value]));
    return this;
  }

  u16(value: number): this {
    const part = Buffer.allocUnsafe(2);
    part.writeUInt16LE(value);
    this.#parts.push(part);
    return this;
  }

  u32(value: number): this {
    const part = Buffer.allocUnsafe(4);
    part.writeUInt32LE(value);
    this.#parts.push(part);
    return this;
  }

  u64(value: number): this {
    const part = Buffer.allocUnsafe(8);
    part.writeBigUInt64LE(BigInt(value));
    this.#parts.push(part);
    return this;
  }

  /** A text, ended by NUL. */
  text(bytes: Buffer): this {
    this.#parts.push(bytes, NUL);
    return this;
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#parts);
  }
}

const NUL = Buffer.alloc(1);

export interface FrameHandler {
  /** A whole frame of any type but `output`. The payload is not used again. */
  frame(type: number, channel: number, payload: Buffer): void;
  /** A part of an `output` frame. Large ones come in several parts. `complete`: it is the last part. */
  output(channel: number, origin: number, bytes: Buffer, complete: boolean): void;
}

/** Takes a stream of bytes apart, wherever it was cut. The bytes of `output` frames are passed on without a copy. */
export class FrameReader {
  readonly #handler: FrameHandler;
  #rest: Buffer = Buffer.alloc(0);
  /** How much of an `output` frame is still to come. */
  #outputLeft = 0;
  #channel = 0;
  #origin = 0;

  constructor(handler: FrameHandler) {
    this.#handler = handler;
  }

  /** @throws Error where the bytes make no sense */
  feed(chunk: Buffer): void {
    let bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    this.#rest = EMPTY;
    for (;;) {
      if (this.#outputLeft > 0) bytes = this.#passOn(bytes);
      if (bytes.length < HEADER_BYTES) break;
      const size = bytes.readUInt32LE(0);
      if (size > MAX_PAYLOAD_BYTES) throw new Error('an agent sent a frame that is too long');
      const type = bytes[8] as number;
      if (type === Type.output && size > 0) {
        if (bytes.length === HEADER_BYTES) break;
        this.#channel = bytes.readUInt32LE(4);
        this.#origin = bytes[HEADER_BYTES] as number;
        this.#outputLeft = size - 1;
        bytes = bytes.subarray(HEADER_BYTES + 1);
        continue;
      }
      if (bytes.length < HEADER_BYTES + size) break;
      this.#handler.frame(type, bytes.readUInt32LE(4), bytes.subarray(HEADER_BYTES, HEADER_BYTES + size));
      bytes = bytes.subarray(HEADER_BYTES + size);
    }
    this.#rest = bytes;
  }

  #passOn(bytes: Buffer): Buffer {
    const piece = bytes.subarray(0, this.#outputLeft);
    this.#outputLeft -= piece.length;
    if (piece.length > 0) this.#handler.output(this.#channel, this.#origin, piece, this.#outputLeft === 0);
    return bytes.subarray(piece.length);
  }
}

const EMPTY = Buffer.alloc(0);

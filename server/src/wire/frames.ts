/** Splits a stream of bytes into messages. The input may be hostile, so everything that is kept has a maximum size. */
import { Header } from './header.ts';

export const MAX_HEADER_BYTES = 8 * 1024;

export interface FrameSink {
  /** The body of a message. The bytes may be a view of the chunk in which they arrived. */
  body(bytes: Buffer): void;
  /** A message is refused. Its bytes are skipped, and reading goes on with the next message. */
  refused(reason: string): void;
  /** It is not known where the next message starts, so nothing more is read. */
  lost(reason: string): void;
}

const LINE_FEED = 0x0a;
const USUAL = /^Content-Length: ([1-9][0-9]{0,8})\r\n\r\n/;
const USUAL_FIRST = 'C'.charCodeAt(0);
const USUAL_BYTES = 32;

/**
 * Every byte is read once and copied at most once, however the stream is split into chunks.
 * Invariant: it keeps at most one line of a header and one body, which is little more than `maxBodyBytes`.
 */
export class FrameParser {
  readonly #sink: FrameSink;
  readonly #maxBodyBytes: number;
  readonly #line = Buffer.allocUnsafe(MAX_HEADER_BYTES);
  /** The length of the current line. `#line` keeps as much of it as fits. */
  #lineBytes = 0;
  #header = new Header();
  #refused = false;
  /** How many bytes of the body have not arrived yet, and whether the body is only skipped. */
  #missing = 0;
  #skipping = false;
  /** The part of the body that has arrived, if it arrives in several chunks. */
  #body: Buffer | undefined;
  #stopped = false;

  constructor(sink: FrameSink, maxBodyBytes: number) {
    this.#sink = sink;
    this.#maxBodyBytes = maxBodyBytes;
  }

  push(chunk: Buffer): void {
    let rest = chunk;
    while (rest.length > 0 && !this.#stopped) {
      rest = rest.subarray(this.#missing > 0 ? this.#readBody(rest) : this.#readUsual(rest) || this.#readLine(rest));
    }
  }

  /** Reads nothing more, not even the rest of the current chunk. */
  stop(): void {
    this.#stopped = true;
  }

  /** How many bytes it keeps of a message that has not arrived in full. */
  get bufferedBytes(): number {
    return Math.min(this.#lineBytes, MAX_HEADER_BYTES) + (this.#body?.length ?? 0);
  }

  /** How many bytes of the current body have not arrived yet. */
  get missingBytes(): number {
    return this.#missing;
  }

  /** Whether a message has begun to arrive and has not arrived in full. */
  get inMessage(): boolean {
    return this.#missing > 0 || this.#header.bytes > 0;
  }

  /** Reads from the beginning of `bytes`, and returns how many bytes it has read. So does `#readLine`. */
  #readBody(bytes: Buffer): number {
    const part = bytes.subarray(0, this.#missing);
    if (!this.#skipping) this.#collect(part);
    this.#missing -= part.length;
    if (this.#missing === 0 && !this.#skipping) {
      const body = this.#body ?? part;
      this.#body = undefined;
      this.#sink.body(body);
    }
    return part.length;
  }

  /** A body that lies in one chunk as a whole is not copied. */
  #collect(part: Buffer): void {
    if (!this.#body && part.length === this.#missing) return;
    this.#body ??= Buffer.allocUnsafe(this.#missing);
    part.copy(this.#body, this.#body.length - this.#missing);
  }

  /** Reads a whole header that is as most clients write it. Returns 0 where it is another one, or is not there as a whole. */
  #readUsual(bytes: Buffer): number {
    if (bytes[0] !== USUAL_FIRST || this.#header.bytes > 0 || this.#refused) return 0;
    const [all = '', length] = USUAL.exec(bytes.toString('latin1', 0, USUAL_BYTES)) ?? [];
    if (length === undefined || Number(length) > this.#maxBodyBytes) return 0;
    this.#missing = Number(length);
    this.#skipping = false;
    return all.length;
  }

  #readLine(bytes: Buffer): number {
    const end = bytes.indexOf(LINE_FEED);
    const part = end < 0 ? bytes : bytes.subarray(0, end);
    const count = end < 0 ? part.length : part.length + 1;
    if (this.#lineBytes < MAX_HEADER_BYTES) part.copy(this.#line, this.#lineBytes);
    this.#lineBytes += part.length;
    this.#header.bytes += count;
    if (this.#header.bytes > MAX_HEADER_BYTES) this.#refuse(`its header is larger than ${MAX_HEADER_BYTES} bytes`);
    if (end >= 0) this.#endLine();
    return count;
  }

  #endLine(): void {
    const kept = Math.min(this.#lineBytes, MAX_HEADER_BYTES);
    const whole = kept === this.#lineBytes;
    const line = this.#line.toString('latin1', 0, kept).replace(/\r$/, '');
    this.#lineBytes = 0;
    if (line === '') this.#endHeader();
    else this.#header.add(line, whole);
    if (this.#header.fault !== undefined) this.#lose(this.#header.fault);
  }

  #endHeader(): void {
    const { lines, length, refusal } = this.#header;
    this.#header = new Header();
    // Empty lines between messages are ignored.
    if (lines === 0) return;
    if (length === undefined) {
      this.#lose('a header has no Content-Length');
      return;
    }
    if (refusal !== undefined) this.#refuse(refusal);
    else if (length > this.#maxBodyBytes) this.#refuse(`its body is larger than ${this.#maxBodyBytes} bytes (sizes.messageBytes in the configuration)`);
    this.#missing = length;
    this.#skipping = this.#refused;
    this.#refused = false;
    if (length === 0 && !this.#skipping) this.#sink.body(Buffer.alloc(0));
  }

  /** Reports each message at most once. */
  #refuse(reason: string): void {
    if (this.#refused) return;
    this.#refused = true;
    this.#sink.refused(reason);
  }

  #lose(reason: string): void {
    this.#stopped = true;
    this.#sink.lost(reason);
  }
}

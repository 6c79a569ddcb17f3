/** Cuts a stream of bytes into messages (protocol section 1). What comes in is hostile: every amount has a maximum. */
import { Header } from './header.ts';

export const MAX_BODY_BYTES = 64 * 1024 * 1024;
export const MAX_HEADER_BYTES = 8 * 1024;

export interface FrameSink {
  /** The body of a message. The bytes may be a view of the chunk they came in. */
  body(bytes: Buffer): void;
  /** A message that can't be taken. Its bytes are skipped, and what follows it is read. */
  refused(reason: string): void;
  /** Nobody can know where the next message starts: nothing is read any more. */
  lost(reason: string): void;
}

const LINE_FEED = 0x0a;

/**
 * Every byte is looked at once and copied at most once, however the stream is cut.
 * Invariant: it holds at most one line of a header and one body, thus little more than `MAX_BODY_BYTES`.
 */
export class FrameParser {
  readonly #sink: FrameSink;
  readonly #line = Buffer.allocUnsafe(MAX_HEADER_BYTES);
  /** Bytes of the current line, of which `#line` keeps those that fit. */
  #lineBytes = 0;
  #header = new Header();
  #refused = false;
  /** Bytes still to come of the body, and whether they are only to be skipped. */
  #missing = 0;
  #skipping = false;
  /** The body so far, where it came in several chunks. */
  #body: Buffer | undefined;
  #stopped = false;

  constructor(sink: FrameSink) {
    this.#sink = sink;
  }

  push(chunk: Buffer): void {
    let rest = chunk;
    while (rest.length > 0 && !this.#stopped) {
      rest = rest.subarray(this.#missing > 0 ? this.#readBody(rest) : this.#readLine(rest));
    }
  }

  /** Takes nothing more, not even the rest of a chunk. */
  stop(): void {
    this.#stopped = true;
  }

  /** How much memory it holds for what has not been handed on. */
  get bufferedBytes(): number {
    return Math.min(this.#lineBytes, MAX_HEADER_BYTES) + (this.#body?.length ?? 0);
  }

  /** How many bytes are still to come of a body whose header has been read. */
  get missingBytes(): number {
    return this.#missing;
  }

  /** Whether a message has started that has not ended. */
  get inMessage(): boolean {
    return this.#missing > 0 || this.#header.bytes > 0;
  }

  /** Takes bytes from the front of `bytes` and returns how many. */
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

  /** A body that is all in one chunk is not copied. */
  #collect(part: Buffer): void {
    if (!this.#body && part.length === this.#missing) return;
    this.#body ??= Buffer.allocUnsafe(this.#missing);
    part.copy(this.#body, this.#body.length - this.#missing);
  }

  #readLine(bytes: Buffer): number {
    const end = bytes.indexOf(LINE_FEED);
    const part = end < 0 ? bytes : bytes.subarray(0, end);
    const count = end < 0 ? part.length : part.length + 1;
    if (this.#lineBytes < MAX_HEADER_BYTES) part.copy(this.#line, this.#lineBytes);
    this.#lineBytes += part.length;
    this.#header.bytes += count;
    if (this.#header.bytes > MAX_HEADER_BYTES) this.#refuse(`the header is over ${MAX_HEADER_BYTES} bytes`);
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
    // An empty line between messages belongs to none.
    if (lines === 0) return;
    if (length === undefined) {
      this.#lose('a header without Content-Length');
      return;
    }
    if (refusal !== undefined) this.#refuse(refusal);
    else if (length > MAX_BODY_BYTES) this.#refuse(`the body is over ${MAX_BODY_BYTES} bytes`);
    this.#missing = length;
    this.#skipping = this.#refused;
    this.#refused = false;
    if (length === 0 && !this.#skipping) this.#sink.body(Buffer.alloc(0));
  }

  /** Says so once for each message. */
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

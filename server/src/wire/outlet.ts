/** Writes messages in the order in which they come, and knows how many bytes of them wait. */

/** Takes bytes in the order of the calls. A `Writable` is one. */
export interface Output {
  /** Calls `done` when it no longer uses the bytes. Returns whether it has room for more; if not, it emits `drain` when it has. */
  write(bytes: Buffer, done: () => void): boolean;
  readonly destroyed: boolean;
  on(event: 'drain' | 'close', listener: () => void): unknown;
  on(event: 'error', listener: (fault: Error) => void): unknown;
}

/** Returns the bytes of a message, which are in `space` if that is large enough. */
export type Frame = (body: string, space: Buffer | undefined) => Buffer;

export interface OutletEvents {
  /** Bytes have been handed to the operating system, so `unsentBytes` has fallen. */
  sent(): void;
  /** The stream has closed. Everything that has not been sent is dropped. */
  gone(fault: Error | undefined): void;
}

/** Large enough for a `command/output` with a whole chunk, even if each of its bytes takes two in JSON. */
const SPARE_BYTES = 144 * 1024;

/** If the stream has closed, messages are dropped; that is not an error. */
export class Outlet {
  readonly #output: Output;
  readonly #events: OutletEvents;
  readonly #frame: Frame;
  /** A buffer that is used again and again, by one message at a time, so that much output does not produce garbage. */
  #spare: Buffer | undefined = Buffer.allocUnsafe(SPARE_BYTES);
  #unsent = 0;
  #gone = false;
  #full: (() => void)[] = [];
  #flush: (() => void)[] = [];

  constructor(output: Output, events: OutletEvents, frame: Frame) {
    this.#output = output;
    this.#events = events;
    this.#frame = frame;
    // These listeners are never removed, because an error event without a listener would end the process.
    output.on('error', (fault: Error) => this.#lose(fault));
    output.on('close', () => this.#lose());
    output.on('drain', () => release(this.#full));
  }

  get unsentBytes(): number {
    return this.#gone ? 0 : this.#unsent;
  }

  /**
   * Resolves when the stream has room again. Messages are written in the order of the calls.
   * @throws if the message cannot be written as JSON
   */
  send(message: object): Promise<void> {
    const body = JSON.stringify(message);
    if (this.#gone || this.#output.destroyed) return Promise.resolve();
    const space = this.#spare;
    this.#spare = undefined;
    return this.#write(this.#frame(body, space), () => (this.#spare ??= space));
  }

  /** Writes bytes as they are. They must not change before they are sent. Resolves as `send` does. */
  pass(bytes: Buffer): Promise<void> {
    return this.#gone || this.#output.destroyed ? Promise.resolve() : this.#write(bytes, () => undefined);
  }

  #write(bytes: Buffer, done: () => void): Promise<void> {
    this.#unsent += bytes.length;
    const room = this.#output.write(bytes, () => {
      done();
      this.#leave(bytes.length);
    });
    return room || this.#gone ? Promise.resolve() : new Promise((resolve) => this.#full.push(resolve));
  }

  /** Resolves when everything has been handed to the operating system, or the stream has closed. */
  flushed(): Promise<void> {
    if (this.#unsent === 0 || this.#gone) return Promise.resolve();
    return new Promise((resolve) => this.#flush.push(resolve));
  }

  #leave(bytes: number): void {
    this.#unsent -= bytes;
    if (this.#unsent === 0) release(this.#flush);
    this.#events.sent();
  }

  #lose(fault?: Error): void {
    if (this.#gone) return;
    this.#gone = true;
    release(this.#full);
    release(this.#flush);
    this.#events.gone(fault);
  }
}

/** LSP's header and the body in one buffer, so that they are written together. */
export function withHeader(body: string, space: Buffer | undefined): Buffer {
  const length = Buffer.byteLength(body);
  const header = `Content-Length: ${length}\r\n\r\n`;
  const bytes = take(header.length + length, space);
  bytes.write(header, 'latin1');
  bytes.write(body, header.length, 'utf8');
  return bytes;
}

/** LSP's header of a body that is written behind it. */
export function headerOf({ length }: Buffer): Buffer {
  return Buffer.from(`Content-Length: ${length}\r\n\r\n`, 'latin1');
}

/** The body alone, for a transport that itself says where a message begins and ends. */
export function bare(body: string, space: Buffer | undefined): Buffer {
  const bytes = take(Buffer.byteLength(body), space);
  bytes.write(body, 'utf8');
  return bytes;
}

function take(length: number, space: Buffer | undefined): Buffer {
  return space && length <= space.length ? space.subarray(0, length) : Buffer.allocUnsafe(length);
}

function release(waiting: (() => void)[]): void {
  for (const resume of waiting.splice(0)) resume();
}

/** Frames messages and hands them to the transport. */
import type { Writable } from 'node:stream';

export interface OutletEvents {
  /** Bytes have left: `unsentBytes` is lower than it was. */
  sent(): void;
  /** The other end has gone. What is still to be sent is lost. */
  gone(fault: Error | undefined): void;
}

/** A chunk of output fits, also when each of its bytes needs an escape of two. */
const SPARE_BYTES = 144 * 1024;

/** Never throws and never rejects because of the other end: what it can't send is dropped. */
export class Outlet {
  readonly #output: Writable;
  readonly #events: OutletEvents;
  /** Written into again and again, so that a flood makes no garbage. Lent to one message at a time. */
  #spare: Buffer | undefined = Buffer.allocUnsafe(SPARE_BYTES);
  #unsent = 0;
  #gone = false;
  #full: (() => void)[] = [];
  #flush: (() => void)[] = [];

  constructor(output: Writable, events: OutletEvents) {
    this.#output = output;
    this.#events = events;
    // These listeners stay for ever: an error event that nobody listens to ends the process.
    output.on('error', (fault: Error) => this.#lose(fault));
    output.on('close', () => this.#lose());
    output.on('drain', () => release(this.#full));
  }

  get unsentBytes(): number {
    return this.#gone ? 0 : this.#unsent;
  }

  /**
   * Resolves when the transport has room again. Messages leave in the order of the calls.
   * @throws where the message can't be written as JSON
   */
  send(message: object): Promise<void> {
    const body = JSON.stringify(message);
    if (this.#gone || this.#output.destroyed) return Promise.resolve();
    const space = this.#spare;
    this.#spare = undefined;
    const bytes = frame(body, space);
    this.#unsent += bytes.length;
    const room = this.#output.write(bytes, () => {
      this.#spare ??= space;
      this.#leave(bytes.length);
    });
    return room || this.#gone ? Promise.resolve() : new Promise((resolve) => this.#full.push(resolve));
  }

  /** Resolves when everything has left, or can't. */
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

/** One buffer, so that nothing comes between a header and its body: in `space` where it has room. */
function frame(body: string, space: Buffer | undefined): Buffer {
  const length = Buffer.byteLength(body);
  const header = `Content-Length: ${length}\r\n\r\n`;
  const total = header.length + length;
  const bytes = space && total <= space.length ? space.subarray(0, total) : Buffer.allocUnsafe(total);
  bytes.write(header, 'latin1');
  bytes.write(body, header.length, 'utf8');
  return bytes;
}

function release(waiting: (() => void)[]): void {
  for (const resume of waiting.splice(0)) resume();
}

/** A stream of the data channel that comes from the client. */
import { invalidParam } from '../../protocol/index.ts';

/** How much of a stream may be on its way and not taken, in either direction. */
export const DATA_WINDOW_BYTES = 1024 * 1024;

/** Credit is given in pieces of this size, so that it costs few frames. */
const CREDIT_BYTES = DATA_WINDOW_BYTES / 4;

export interface InboundEvents {
  /** `bytes` more may be sent. */
  credit(bytes: number): void;
  /** Nothing more is wanted. */
  stop(): void;
  /** Nothing more will come, and nothing is kept any more, so another stream may have the number. */
  gone(): void;
}

/** Invariant: it keeps at most the window. What comes after it was closed is dropped until the client ends it. */
export class Inbound {
  readonly #stream: number;
  readonly #events: InboundEvents;
  readonly #chunks: Buffer[] = [];
  #kept = 0;
  #owed = 0;
  #state: 'open' | 'ended' | { readonly failed: string } = 'open';
  #claimed = false;
  #closed = false;
  #wake: () => void = () => undefined;

  constructor(stream: number, events: InboundEvents) {
    this.#stream = stream;
    this.#events = events;
  }

  /** Whether somebody reads it. */
  get claimed(): boolean {
    return this.#claimed && !this.#closed;
  }

  /** Whether the client has given it up before anybody claimed it. */
  get abandoned(): boolean {
    return !this.#claimed && typeof this.#state === 'object';
  }

  /** @throws ProtocolError InvalidParams where somebody has claimed it already */
  claim(): void {
    if (this.#claimed) throw invalidParam('stream', `stream ${this.#stream} is in use`);
    this.#claimed = true;
  }

  /** @throws Error where the client sends more than it may */
  push(bytes: Buffer): void {
    if (this.#state !== 'open') throw new Error(`stream ${this.#stream} goes on after its end`);
    if (this.#closed) return;
    this.#kept += bytes.length;
    if (this.#kept + this.#owed > DATA_WINDOW_BYTES) throw new Error(`stream ${this.#stream} has more than its window`);
    this.#chunks.push(bytes);
    this.#wake();
  }

  end(): void {
    this.#finish('ended');
  }

  fail(why: string): void {
    this.#finish({ failed: why });
  }

  /** Must be called when nothing more is read. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#chunks.length = 0;
    this.#wake();
    if (this.#state === 'open') this.#events.stop();
    else this.#events.gone();
  }

  /** The chunks until the end. @throws ProtocolError InvalidParams where the stream fails before its end, or is closed */
  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer, void, undefined> {
    for (;;) {
      const chunk = this.#chunks.shift();
      if (chunk) {
        yield chunk;
        this.#taken(chunk.length);
      } else if (this.#closed) {
        throw invalidParam('stream', `stream ${this.#stream} was closed`);
      } else if (this.#state === 'ended') {
        return;
      } else if (this.#state !== 'open') {
        throw invalidParam('stream', `stream ${this.#stream} is not complete: ${this.#state.failed}`);
      } else {
        await new Promise<void>((resolve) => (this.#wake = resolve));
      }
    }
  }

  #taken(bytes: number): void {
    this.#kept -= bytes;
    this.#owed += bytes;
    if (this.#owed < CREDIT_BYTES || this.#state !== 'open' || this.#closed) return;
    const owed = this.#owed;
    this.#owed = 0;
    this.#events.credit(owed);
  }

  #finish(state: 'ended' | { readonly failed: string }): void {
    if (this.#state !== 'open') return;
    this.#state = state;
    this.#wake();
    if (this.#closed) this.#events.gone();
  }
}

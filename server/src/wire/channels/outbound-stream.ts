/** A stream of the data channel that goes to the client. */
import { DATA_WINDOW_BYTES } from './inbound-stream.ts';
import { FrameKind, MAX_PAYLOAD_BYTES } from './frames.ts';

export interface OutboundEvents {
  /** Resolves when there is room for more. Never rejects. */
  frame(kind: number, payload?: Buffer): Promise<void>;
  /** It has ended, so another stream may have the number. */
  gone(): void;
}

/** What a stream hears of the client. */
export interface StreamHeard {
  /** The client has taken so many bytes more. */
  taken(bytes: number): void;
  /** The client wants no more of it. */
  stopped(): void;
  /** The channel has closed, and nothing that is sent arrives. */
  lost(): void;
}

/** Invariant: at most the window is sent and not granted again. Whoever sends waits for the call before. */
export class Outbound {
  readonly #events: OutboundEvents;
  readonly #heard: StreamHeard | undefined;
  #room = DATA_WINDOW_BYTES;
  #cancelled = false;
  #over = false;
  #wake: () => void = () => undefined;

  constructor(events: OutboundEvents, heard?: StreamHeard) {
    this.#events = events;
    this.#heard = heard;
  }

  /** Whether the client, or the channel, takes nothing more. What is sent then is dropped. */
  get cancelled(): boolean {
    return this.#cancelled;
  }

  /** Resolves when the next bytes may be sent. `bytes` may not be changed any more. */
  async send(bytes: Buffer): Promise<void> {
    for (let at = 0; at < bytes.length; ) {
      while (this.#room === 0 && !this.#cancelled) await new Promise<void>((resolve) => (this.#wake = resolve));
      if (this.#cancelled) return;
      const piece = bytes.subarray(at, at + Math.min(this.#room, MAX_PAYLOAD_BYTES));
      this.#room -= piece.length;
      at += piece.length;
      await this.#events.frame(FrameKind.data, piece);
    }
  }

  /** Everything has been sent. */
  end(): void {
    this.#close(FrameKind.end);
  }

  /** What was sent is not complete, and nothing follows. After the end it does nothing. */
  reset(): void {
    this.#close(FrameKind.reset);
  }

  /** The client has taken `bytes`. */
  grant(bytes: number): void {
    this.#room = Math.min(DATA_WINDOW_BYTES, this.#room + bytes);
    this.#heard?.taken(bytes);
    this.#wake();
  }

  /** The client takes nothing more. */
  stop(): void {
    this.#cancel();
    this.#heard?.stopped();
  }

  /** The channel takes nothing more. */
  lose(): void {
    this.#cancel();
    this.#heard?.lost();
  }

  #cancel(): void {
    this.#cancelled = true;
    this.#wake();
  }

  #close(kind: number): void {
    if (this.#over) return;
    this.#over = true;
    this.#events.gone();
    if (!this.#cancelled) void this.#events.frame(kind);
    this.#cancel();
  }
}

/** Raw output of a command that can change its client: what the client has not taken is kept, and sent again to the next one. */
import type { OutgoingStream } from '../../command/streams.ts';
import type { SentStream, StreamHeard } from '../../wire/channels/data-channel.ts';
import { DATA_WINDOW_BYTES } from '../../wire/channels/inbound-stream.ts';

/** Makes the stream of a connection to which the output goes. @throws ProtocolError InvalidParams where its number is in use */
export type OpenTarget = (heard: StreamHeard) => SentStream;

/** Where the output goes now. Offsets are counted from the start of the command. */
interface Target {
  readonly stream: SentStream;
  /** Everything before was handed to it. */
  at: number;
  /** Everything before was taken by the client. */
  taken: number;
}

/** Small pieces are kept together, so that they don't cost more than they are. */
const SLAB_BYTES = 64 * 1024;

interface Slab {
  readonly bytes: Buffer;
  /** Whether nobody else has the buffer, so that more can be written behind `end`. */
  readonly own: boolean;
  start: number;
  end: number;
}

/**
 * Invariant: at most the window and one piece more are kept. Whoever sends waits while more is, and, as long as there is a
 * client, until the connection has taken the piece.
 */
export class KeptStream implements OutgoingStream {
  readonly #kept: Slab[] = [];
  /** Where the first byte that is kept stands in the output. */
  #from = 0;
  #total = 0;
  #state: 'open' | 'ended' | 'broken' = 'open';
  #cancelled = false;
  #target: Target | undefined;
  #waiting: (() => void)[] = [];

  /** Whether a client wanted no more of it. Nor does any client after it. */
  get cancelled(): boolean {
    return this.#cancelled;
  }

  /** The least offset from which it can be sent. */
  get from(): number {
    return this.#from;
  }

  get keptBytes(): number {
    return this.#total - this.#from;
  }

  /** Whether it can go on from there. */
  has(offset: number): boolean {
    return offset >= this.#from && offset <= this.#total;
  }

  /** From now on it goes there, from `offset` on, which must be there. What was sent before to somebody else is given up. */
  lead(open: OpenTarget, offset: number): void {
    let target: Target | undefined;
    const heard = (hear: (target: Target) => void) => {
      if (target && this.#target === target) hear(target);
    };
    const stream = open({
      taken: (bytes) => heard((target) => {
        target.taken += bytes;
        this.#forget(Math.min(target.taken, target.at));
      }),
      stopped: () => heard(() => this.#cancel()),
      lost: () => heard(() => this.park()),
    });
    this.park();
    this.#forget(offset);
    // The channel may have closed already.
    if (stream.cancelled) return;
    this.#target = target = { stream, at: offset, taken: offset };
    void this.#pump(target);
    this.#wake();
  }

  /** Nobody is there who takes it. */
  park(): void {
    const { stream } = this.#target ?? {};
    this.#target = undefined;
    stream?.reset();
    this.#wake();
  }

  /** Nothing is kept any more, and nobody waits. */
  drop(): void {
    this.#cancel();
    this.park();
  }

  async send(bytes: Buffer): Promise<void> {
    if (this.#cancelled) return;
    this.#append(bytes);
    const end = this.#total;
    this.#wake();
    while (!this.#cancelled && (this.#target ? this.#target.at < end : this.keptBytes > DATA_WINDOW_BYTES)) await this.#change();
    while (!this.#cancelled && this.keptBytes > DATA_WINDOW_BYTES) await this.#change();
  }

  end(): void {
    this.#finish('ended');
  }

  reset(): void {
    this.#finish('broken');
  }

  /** Resolves when the client has been sent everything, or there is none. */
  async sent(): Promise<void> {
    while (this.#target && this.#target.at < this.#total) await this.#change();
  }

  async #pump(target: Target): Promise<void> {
    while (this.#target === target) {
      const piece = this.#pieceAt(target.at);
      if (piece) {
        await target.stream.send(piece);
        if (this.#target !== target) return;
        target.at += piece.length;
        this.#forget(Math.min(target.taken, target.at));
      } else if (this.#state === 'open') {
        await this.#change();
      } else {
        return this.#close(target);
      }
    }
  }

  #finish(state: 'ended' | 'broken'): void {
    if (this.#state !== 'open') return;
    this.#state = state;
    // The answer of the command must not overtake it.
    if (this.#target?.at === this.#total) this.#close(this.#target);
    this.#wake();
  }

  /** Further calls do nothing. */
  #close({ stream }: Target): void {
    if (this.#state === 'ended' && !this.#cancelled) stream.end();
    else stream.reset();
  }

  #cancel(): void {
    this.#cancelled = true;
    this.#forget(this.#total);
    this.#wake();
  }

  #append(bytes: Buffer): void {
    this.#total += bytes.length;
    const last = this.#kept.at(-1);
    if (last?.own && last.bytes.length - last.end >= bytes.length) {
      last.end += bytes.copy(last.bytes, last.end);
      return;
    }
    const own = bytes.length < SLAB_BYTES / 4;
    const slab = own ? Buffer.allocUnsafe(SLAB_BYTES) : bytes;
    if (own) bytes.copy(slab);
    this.#kept.push({ bytes: slab, own, start: 0, end: bytes.length });
  }

  /** What is kept from `offset` on, as far as it lies together. */
  #pieceAt(offset: number): Buffer | undefined {
    let at = this.#from;
    for (const { bytes, start, end } of this.#kept) {
      if (offset < at + end - start) return bytes.subarray(start + offset - at, end);
      at += end - start;
    }
    return undefined;
  }

  /** What stands before `offset` is no longer needed. */
  #forget(offset: number): void {
    while (this.#from < offset) {
      const [first] = this.#kept;
      if (!first) break;
      const some = Math.min(first.end - first.start, offset - this.#from);
      first.start += some;
      this.#from += some;
      if (first.start === first.end) this.#kept.shift();
    }
    this.#wake();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => void this.#waiting.push(resolve));
  }

  #wake(): void {
    for (const go of this.#waiting.splice(0)) go();
  }
}

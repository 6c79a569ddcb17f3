/** Messages on their way in: none is handed on while the client does not read, and no more are read while many wait. */
import type { Message } from 'vscode-jsonrpc';
import type { MessageTransport } from './message-transport.ts';

/** Messages, and their bytes, that were read and not handed on. The last chunk or message may exceed them. */
export const MAX_WAITING = 1000;
export const MAX_WAITING_BYTES = 32 * 1024 * 1024;
/** Bytes written that the client has not read. What is handed on would only add to them. */
export const MAX_UNSENT_BYTES = 32 * 1024 * 1024;

/** What a valve turns, and what it looks at. */
type Flow = Pick<MessageTransport, 'pause' | 'resume' | 'unsentBytes'>;

interface Waiting {
  readonly message: Message;
  readonly bytes: number;
}

/**
 * Reading stops at a maximum, and goes on at half of it. While only answers are unread it goes on, so that a
 * cancellation and the end of the input are seen.
 * Invariant: messages are handed on in the order of `put`, each when the one before has been dispatched.
 */
export class Valve {
  readonly #transport: Flow;
  readonly #waiting: Waiting[] = [];
  #waitingBytes = 0;
  #handOn: (message: Message) => void = () => undefined;
  #handed: Message | undefined;
  /** Messages are refused, thus answered without waiting, faster than the answers are read. */
  #flooded = false;
  #shut = false;
  #released = false;

  constructor(transport: Flow) {
    this.#transport = transport;
  }

  /** Whether reading has stopped for now. */
  get shut(): boolean {
    return this.#shut;
  }

  open(handOn: (message: Message) => void): void {
    this.#handOn = handOn;
  }

  put(message: Message, bytes: number): void {
    this.#waiting.push({ message, bytes });
    this.#waitingBytes += bytes;
    this.regulate();
  }

  /** To be called when a message was answered without having been put. */
  refused(): void {
    this.#flooded ||= this.#transport.unsentBytes > MAX_UNSENT_BYTES;
    this.regulate();
  }

  dispatched(message: Message): void {
    if (message !== this.#handed) return;
    this.#handed = undefined;
    this.regulate();
  }

  /** Reads no more. What waits is handed on even if nobody reads the answers: `last`, the end of it all, is behind it. */
  release(last: Message): void {
    this.#released = true;
    this.#transport.pause();
    this.put(last, 0);
  }

  /** To be called when the number of unsent bytes may have changed. */
  regulate(): void {
    this.#pump();
    if (this.#transport.unsentBytes <= MAX_UNSENT_BYTES / 2) this.#flooded = false;
    const share = this.#shut ? 0.5 : 1;
    const full = this.#waiting.length > MAX_WAITING * share || this.#waitingBytes > MAX_WAITING_BYTES * share;
    this.#set(full || this.#flooded);
  }

  #set(shut: boolean): void {
    if (shut === this.#shut || this.#released) return;
    this.#shut = shut;
    if (shut) this.#transport.pause();
    else this.#transport.resume();
  }

  #pump(): void {
    if (this.#handed || (!this.#released && this.#transport.unsentBytes > MAX_UNSENT_BYTES)) return;
    const next = this.#waiting.shift();
    if (!next) return;
    this.#waitingBytes -= next.bytes;
    this.#handed = next.message;
    this.#handOn(next.message);
  }
}

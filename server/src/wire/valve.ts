/**
 * Back-pressure on incoming messages: no message is handed on while the client does not read what is sent to it, and
 * the transport is paused while many messages wait.
 */
import type { Message } from 'vscode-jsonrpc';
import type { MessageTransport } from './message-transport.ts';

/** How many messages, and how many bytes of them, may wait to be handed on. The last chunk or message may exceed this. */
export const MAX_WAITING = 1000;
export const MAX_WAITING_BYTES = 32 * 1024 * 1024;
/** While more bytes than this wait for the client to read them, no message is handed on, since its answer would add to them. */
export const MAX_UNSENT_BYTES = 32 * 1024 * 1024;

/** The part of a transport that the valve uses. */
type PausableTransport = Pick<MessageTransport, 'pause' | 'resume' | 'unsentBytes'>;

interface Waiting {
  readonly message: Message;
  readonly bytes: number;
}

/**
 * The transport is paused when a maximum is exceeded, and resumed at half of it. Unread answers alone do not pause it,
 * so that cancellations and the end of the input are still noticed.
 * Invariant: messages are handed on in the order of `put`, each after the one before has been dispatched.
 */
export class Valve {
  readonly #transport: PausableTransport;
  readonly #waiting: Waiting[] = [];
  #waitingBytes = 0;
  #handOn: (message: Message) => void = () => undefined;
  /** The message that was handed on and has not been dispatched yet. */
  #handed: Message | undefined;
  /** Whether the client sends invalid messages faster than it reads the errors with which they are answered. */
  #flooded = false;
  #shut = false;
  #released = false;

  constructor(transport: PausableTransport) {
    this.#transport = transport;
  }

  /** Whether the transport is paused. */
  get shut(): boolean {
    return this.#shut;
  }

  listen(handOn: (message: Message) => void): void {
    this.#handOn = handOn;
  }

  put(message: Message, bytes: number): void {
    this.#waiting.push({ message, bytes });
    this.#waitingBytes += bytes;
    this.regulate();
  }

  /** To be called when a message was answered with an error and therefore not `put`. */
  refused(): void {
    this.#flooded ||= this.#transport.unsentBytes > MAX_UNSENT_BYTES;
    this.regulate();
  }

  dispatched(message: Message): void {
    if (message !== this.#handed) return;
    this.#handed = undefined;
    this.regulate();
  }

  /**
   * Stops reading for good. The messages that wait, and after them `last`, are handed on even if the client does not
   * read the answers.
   */
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

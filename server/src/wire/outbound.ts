/** Messages to the client: answers, under the ids of their requests, and the daemon's own requests and notifications. */
import { Message, type NotificationMessage, type RequestMessage, type ResponseMessage } from 'vscode-jsonrpc';
import type { Log } from '../base/log.ts';
import { ProtocolError } from '../protocol/index.ts';
import type { InFlight } from './in-flight.ts';
import type { Id } from './message.ts';
import type { MessageTransport } from './message-transport.ts';

/**
 * While more bytes than this wait for the client to read them, a result is replaced by the error RateLimited, so that a
 * client which does not read cannot fill the memory. The valve stops handing on requests long before, but requests
 * that have been handed on may still produce results.
 */
export const MAX_UNREAD_BYTES = 256 * 1024 * 1024;

/** Invariant: a request of the client is answered at most once. */
export class Outbound {
  readonly #transport: Pick<MessageTransport, 'send' | 'unsentBytes'>;
  readonly #inFlight: InFlight;
  readonly #log: Log;
  readonly #asked = new Set<Id | null>();

  constructor(transport: Pick<MessageTransport, 'send' | 'unsentBytes'>, inFlight: InFlight, log: Log) {
    this.#transport = transport;
    this.#inFlight = inFlight;
    this.#log = log;
  }

  /** Resolves when the transport has room again. Rejects only if a request cannot be written as JSON. */
  async write(message: Message): Promise<void> {
    if (Message.isRequest(message)) return this.#ask(message);
    if (Message.isNotification(message)) return this.#notify(message);
    return this.#respond(message as ResponseMessage);
  }

  /** Answers a message with an error, without a handler. */
  refuse(id: Id | null, { code, message, data }: ProtocolError): Promise<void> {
    return this.#transport.send({ jsonrpc: '2.0', id, error: { code, message, data } });
  }

  /** Records that the client has answered a request of the daemon. Returns whether that request was waiting for an answer. */
  answered(id: unknown): boolean {
    return this.#asked.delete(id as Id);
  }

  /** Answers every request in flight with RequestCancelled. What their handlers return later is dropped. */
  abandon(): void {
    for (const id of this.#inFlight.settleAll()) {
      void this.refuse(id, new ProtocolError('RequestCancelled', 'The connection is closing.'));
    }
  }

  async #ask(message: RequestMessage): Promise<void> {
    this.#asked.add(message.id);
    try {
      await this.#transport.send(message);
    } catch (fault) {
      this.#asked.delete(message.id);
      throw fault;
    }
  }

  async #notify(message: NotificationMessage): Promise<void> {
    try {
      await this.#transport.send(message);
    } catch (fault) {
      this.#log.error(`${message.method} could not be written`, fault);
    }
  }

  async #respond(message: ResponseMessage): Promise<void> {
    const id = this.#inFlight.settle(message.id as number);
    if (id === undefined) {
      this.#log.debug('an answer was dropped, because the connection has closed');
      return;
    }
    if (message.result && this.#transport.unsentBytes > MAX_UNREAD_BYTES) return this.refuse(id, unread());
    try {
      await this.#transport.send({ ...message, id });
    } catch (fault) {
      this.#log.error('a response could not be written', fault);
      await this.refuse(id, new ProtocolError('InternalError', 'The result could not be written as JSON.'));
    }
  }
}

function unread(): ProtocolError {
  const message = 'The result was dropped, because too many answers are waiting to be read: read them, then send the request again.';
  return new ProtocolError('RateLimited', message, { retryAfterMs: 1000 });
}

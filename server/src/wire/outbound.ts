/** What goes to the client: answers under the ids that came, and requests and notifications of ours. */
import { Message, type NotificationMessage, type RequestMessage, type ResponseMessage } from 'vscode-jsonrpc';
import type { Log } from '../base/log.ts';
import { ProtocolError } from '../protocol/index.ts';
import type { InFlight } from './in-flight.ts';
import type { Id } from './message.ts';
import type { MessageTransport } from './message-transport.ts';

/**
 * Results beyond these bytes, written and not read, are dropped for RateLimited: a client that asks for much and
 * reads nothing must not fill the memory. Nothing is handed on long before, but what has been is not held back.
 */
export const MAX_UNREAD_BYTES = 256 * 1024 * 1024;

/** Invariant: a request of the client is answered at most once, whoever answers. */
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

  /** Resolves when the transport has room again. Rejects only for a request that can't be written as JSON. */
  async write(message: Message): Promise<void> {
    if (Message.isRequest(message)) return this.#ask(message);
    if (Message.isNotification(message)) return this.#notify(message);
    return this.#respond(message as ResponseMessage);
  }

  /** Answers for what never came to a handler. */
  refuse(id: Id | null, { code, message, data }: ProtocolError): Promise<void> {
    return this.#transport.send({ jsonrpc: '2.0', id, error: { code, message, data } });
  }

  /** Whether the client owed an answer to this request of ours. It does no longer. */
  answered(id: unknown): boolean {
    return this.#asked.delete(id as Id);
  }

  /** Answers every request that is still in flight. What their handlers say later is dropped. */
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
      this.#log.debug('an answer came after the connection had closed');
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
  const message = 'The result was dropped, because too many answers have not been read: read them, and ask again.';
  return new ProtocolError('RateLimited', message, { retryAfterMs: 1000 });
}

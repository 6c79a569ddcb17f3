/** Messages from the client: they are checked, requests get numbers, and all are handed on in the order of arrival. */
import { Message, type NotificationMessage, type RequestMessage, type ResponseMessage } from 'vscode-jsonrpc';
import type { Log } from '../base/log.ts';
import { Exit, ProtocolError } from '../protocol/index.ts';
import type { InFlight } from './in-flight.ts';
import { lsp } from './lsp.ts';
import { type Id, type Incoming, isId, type Params, readMessage } from './message.ts';
import type { MessageSink, MessageTransport } from './message-transport.ts';
import type { Outbound } from './outbound.ts';
import type { Valve } from './valve.ts';

/** Requests stay in memory until they are answered. Those beyond these maximums are answered RateLimited. */
export const MAX_IN_FLIGHT = 10_000;
export const MAX_IN_FLIGHT_BYTES = 256 * 1024 * 1024;
const RETRY_AFTER_MS = 1000;

export interface InboundDeps {
  readonly transport: MessageTransport;
  readonly inFlight: InFlight;
  readonly outbound: Outbound;
  readonly valve: Valve;
  readonly log: Log;
  /** Called when nothing more can be sent to the client. */
  gone(): void;
  /** Called when a message was answered with an error, and is not passed on. */
  refused(error: ProtocolError): void;
}

/**
 * Invariant: every message that it hands on is valid, and its params are an object or a non-empty array.
 * Invariant: the last message that it hands on is `exit`, whether the client sent it or the input ended in another way.
 */
export class Inbound {
  readonly #deps: InboundDeps;
  #callback: (message: Message) => void = () => undefined;
  #lost = false;
  #stopped = false;

  constructor(deps: InboundDeps) {
    this.#deps = deps;
  }

  /** Whether the input became unreadable before it ended. */
  get lost(): boolean {
    return this.#lost;
  }

  listen(callback: (message: Message) => void): void {
    const { transport, valve, log, gone } = this.#deps;
    this.#callback = callback;
    valve.listen((message) => this.#handOn(message));
    transport.receive({
      message: (body) => this.#attempt(() => this.#receive(readMessage(body), body.length)),
      refused: (reason) => this.#refuse(null, new ProtocolError('InvalidRequest', `The message was skipped, because ${reason}.`)),
      ended: (how) => this.#end(how),
      sent: () => valve.regulate(),
      gone(fault) {
        log.info('the client has stopped reading', fault);
        gone();
      },
    });
  }

  /** Stops reading and hands on `exit` as the last message. Idempotent. */
  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#deps.transport.stop();
    this.#deps.valve.release(notification(Exit.name, {}));
  }

  #end(how: Parameters<MessageSink['ended']>[0]): void {
    const { log } = this.#deps;
    if (how === 'between') log.info('the input ended');
    else if (how === 'within') log.warn('the input ended inside a message');
    else {
      this.#lost = true;
      log.error(`the start of the next message cannot be found, so the connection ends: ${how.lost}`);
    }
    this.stop();
  }

  #receive(incoming: Incoming, bytes: number): void {
    switch (incoming.kind) {
      case 'request':
        this.#receiveRequest(incoming.id, incoming.method, incoming.params, bytes);
        break;
      case 'notification':
        this.#receiveNotification(incoming.method, incoming.params, bytes);
        break;
      case 'response':
        this.#receiveResponse(incoming, bytes);
        break;
      case 'invalid':
        this.#refuse(incoming.id, incoming.error);
        break;
    }
  }

  #receiveRequest(id: Id, method: string, params: Params, bytes: number): void {
    const { inFlight } = this.#deps;
    if (inFlight.has(id)) {
      this.#refuse(null, new ProtocolError('InvalidRequest', 'A request with this id has not been answered yet.'));
    } else if (inFlight.size >= MAX_IN_FLIGHT || inFlight.bytes + bytes > MAX_IN_FLIGHT_BYTES) {
      const data = { retryAfterMs: RETRY_AFTER_MS };
      this.#refuse(id, new ProtocolError('RateLimited', 'Too many requests are waiting for an answer: wait until some are answered.', data));
    } else {
      const message: RequestMessage = { jsonrpc: '2.0', id: inFlight.admit(id, bytes), method, params: params };
      this.#deps.valve.put(message, bytes);
    }
  }

  #receiveNotification(method: string, params: Params, bytes: number): void {
    if (method === Exit.name) this.stop();
    else if (method === lsp.cancelRequest) this.#cancel(params);
    else if (method === lsp.progress || method === lsp.logTrace) this.#deps.log.debug(`${method} was dropped, because only the daemon sends it`);
    else this.#deps.valve.put(notification(method, params), bytes);
  }

  /** Every request must reach its handler, so one that has not been handed on yet is cancelled when it is. */
  #cancel(params: object): void {
    const number = 'id' in params && isId(params.id) ? this.#deps.inFlight.cancel(params.id) : undefined;
    if (number !== undefined) this.#callback(cancellation(number));
  }

  #receiveResponse({ id, error, result }: Extract<Incoming, { kind: 'response' }>, bytes: number): void {
    if (!this.#deps.outbound.answered(id)) this.#deps.log.debug('a response was dropped, because no request is waiting for it');
    else this.#deps.valve.put({ jsonrpc: '2.0', id, ...(error ? { error } : { result }) } as ResponseMessage, bytes);
  }

  #refuse(id: Id | null, error: ProtocolError): void {
    this.#deps.log.debug(`a message was refused: ${error.message}`);
    void this.#deps.outbound.refuse(id !== null && this.#deps.inFlight.has(id) ? null : id, error);
    this.#deps.valve.refused();
    this.#deps.refused(error);
  }

  #handOn(message: Message): void {
    this.#callback(message);
    if (Message.isRequest(message) && this.#deps.inFlight.handedOn(Number(message.id))) {
      this.#callback(cancellation(Number(message.id)));
    }
  }

  /** If an error in the daemon makes this fail, one message is lost and not the whole process. */
  #attempt(step: () => void): void {
    try {
      step();
    } catch (fault) {
      this.#deps.log.error('a message could not be handled', fault);
    }
  }
}

function notification(method: string, params: Params): NotificationMessage {
  return { jsonrpc: '2.0', method, params: params };
}

/** vscode-jsonrpc handles a cancellation at once and does not put it into its queue. */
function cancellation(id: number): NotificationMessage {
  return notification(lsp.cancelRequest, { id });
}

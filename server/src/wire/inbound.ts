/** What comes from the client: checked, given numbers of ours, and handed on in the order of arrival. */
import { Message, type NotificationMessage, type RequestMessage, type ResponseMessage } from 'vscode-jsonrpc';
import type { Log } from '../base/log.ts';
import { Exit, ProtocolError } from '../protocol/index.ts';
import type { InFlight } from './in-flight.ts';
import { lsp } from './lsp.ts';
import { type Id, type Incoming, isId, type Params, readMessage } from './message.ts';
import type { MessageSink, MessageTransport } from './message-transport.ts';
import type { Outbound } from './outbound.ts';
import type { Valve } from './valve.ts';

/** Handlers hold what they were asked until they answer. Requests beyond these get RateLimited. */
export const MAX_IN_FLIGHT = 10_000;
export const MAX_IN_FLIGHT_BYTES = 256 * 1024 * 1024;
const RETRY_AFTER_MS = 1000;

export interface InboundDeps {
  readonly transport: MessageTransport;
  readonly inFlight: InFlight;
  readonly outbound: Outbound;
  readonly valve: Valve;
  readonly log: Log;
  /** The client takes nothing any more. */
  gone(): void;
}

/**
 * Invariant: what it hands on is a valid message whose params are an object or a non-empty array.
 * Invariant: the last message it hands on is `exit`, whether the client sent it, or the input ended, or was lost.
 */
export class Inbound {
  readonly #deps: InboundDeps;
  #callback: (message: Message) => void = () => undefined;
  #lost = false;
  #stopped = false;

  constructor(deps: InboundDeps) {
    this.#deps = deps;
  }

  /** Whether the input could not be followed to its end. */
  get lost(): boolean {
    return this.#lost;
  }

  listen(callback: (message: Message) => void): void {
    const { transport, valve, log, gone } = this.#deps;
    this.#callback = callback;
    valve.open((message) => this.#handOn(message));
    transport.receive({
      message: (body) => this.#attempt(() => this.#receive(readMessage(body), body.length)),
      refused: (reason) => this.#refuse(null, new ProtocolError('InvalidRequest', `The message is skipped: ${reason}.`)),
      ended: (how) => this.#end(how),
      sent: () => valve.regulate(),
      gone(fault) {
        log.info('the client reads no more', fault);
        gone();
      },
    });
  }

  /** Reads no more: `exit` is all that may follow. Called twice, it does nothing. */
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
      log.error(`the input can't be followed any further: ${how.lost}`);
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
      this.#refuse(id, new ProtocolError('RateLimited', 'Too many requests wait for an answer. Wait for some.', data));
    } else {
      const message: RequestMessage = { jsonrpc: '2.0', id: inFlight.admit(id, bytes), method, params: params };
      this.#deps.valve.put(message, bytes);
    }
  }

  #receiveNotification(method: string, params: Params, bytes: number): void {
    if (method === Exit.name) this.stop();
    else if (method === lsp.cancelRequest) this.#cancel(params);
    else if (method === lsp.progress || method === lsp.logTrace) this.#deps.log.debug(`${method} is not ours to receive`);
    else this.#deps.valve.put(notification(method, params), bytes);
  }

  /** A request that has not been handed on is cancelled when it is: it must reach its handler. */
  #cancel(params: object): void {
    const number = 'id' in params && isId(params.id) ? this.#deps.inFlight.cancel(params.id) : undefined;
    if (number !== undefined) this.#callback(cancellation(number));
  }

  #receiveResponse({ id, error, result }: Extract<Incoming, { kind: 'response' }>, bytes: number): void {
    if (!this.#deps.outbound.answered(id)) this.#deps.log.debug('a response to no request of ours');
    else this.#deps.valve.put({ jsonrpc: '2.0', id, ...(error ? { error } : { result }) } as ResponseMessage, bytes);
  }

  #refuse(id: Id | null, error: ProtocolError): void {
    this.#deps.log.debug(`a message was refused: ${error.message}`);
    void this.#deps.outbound.refuse(id !== null && this.#deps.inFlight.has(id) ? null : id, error);
    this.#deps.valve.refused();
  }

  #handOn(message: Message): void {
    this.#callback(message);
    if (Message.isRequest(message) && this.#deps.inFlight.handedOn(Number(message.id))) {
      this.#callback(cancellation(Number(message.id)));
    }
  }

  /** A fault of ours costs one message, not the process. */
  #attempt(step: () => void): void {
    try {
      step();
    } catch (fault) {
      this.#deps.log.error('a message could not be taken', fault);
    }
  }
}

function notification(method: string, params: Params): NotificationMessage {
  return { jsonrpc: '2.0', method, params: params };
}

/** It is no part of the queue: vscode-jsonrpc takes it at once. */
function cancellation(id: number): NotificationMessage {
  return notification(lsp.cancelRequest, { id });
}

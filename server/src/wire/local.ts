/** A client within the process of the daemon. It is served like any other: its messages are JSON, and are checked. */
import { errorCodes, type ErrorKind } from '../protocol/index.ts';
import { lsp } from './lsp.ts';
import type { MessageSink, MessageTransport } from './message-transport.ts';

/** The answer to a request: the result, or the error, as JSON. */
export type Answer = { readonly result: string } | { readonly error: string };

/** Is called for each notification. The daemon sends no more of the same command until it resolves. */
export type Hear = (method: string, params: object) => Promise<void> | void;

interface Sent {
  readonly id?: number | string;
  readonly method?: string;
  readonly params?: object;
  readonly result?: unknown;
  readonly error?: unknown;
}

const ended: Answer = { error: JSON.stringify({ code: errorCodes.RequestCancelled, message: 'The connection has ended.', data: { kind: 'RequestCancelled' satisfies ErrorKind } }) };

export class LocalClient {
  /** The daemon's end of the connection. */
  readonly transport: MessageTransport;
  readonly #hear: Hear;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  /** What is sent while the daemon does not read. */
  readonly #unread: object[] = [];
  #sink: MessageSink | undefined;
  #paused = false;
  #closed = false;
  #next = 1;

  constructor(hear: Hear = () => undefined) {
    this.#hear = hear;
    this.transport = {
      receive: (sink) => void (this.#sink = sink),
      stop: () => void (this.#sink = undefined),
      pause: () => void (this.#paused = true),
      resume: () => this.#resume(),
      send: (message) => this.#take(message),
      unsentBytes: 0,
      flushed: () => Promise.resolve(),
      close: () => this.#close(),
    };
  }

  /** If `signal` aborts, the request is cancelled; it is answered all the same. Never rejects. */
  request(method: string, params: unknown, signal?: AbortSignal): Promise<Answer> {
    if (this.#closed) return Promise.resolve(ended);
    const id = this.#next++;
    const answered = new Promise<Answer>((resolve) => this.#waiting.set(id, resolve));
    this.#send({ jsonrpc: '2.0', id, method, params });
    const cancel = () => this.notify(lsp.cancelRequest, { id });
    if (signal?.aborted) cancel();
    signal?.addEventListener('abort', cancel);
    return answered.finally(() => signal?.removeEventListener('abort', cancel));
  }

  notify(method: string, params: unknown): void {
    this.#send({ jsonrpc: '2.0', method, params });
  }

  #send(message: object): void {
    if (this.#paused) this.#unread.push(message);
    else this.#sink?.message(Buffer.from(JSON.stringify(message)));
  }

  #resume(): void {
    this.#paused = false;
    while (!this.#paused && this.#unread.length > 0) this.#send(this.#unread.shift() as object);
  }

  async #take({ id, method, params = {}, result, error }: Sent): Promise<void> {
    if (method !== undefined && id !== undefined) {
      // It has declared no capability, so that nothing is asked that it could answer.
      setImmediate(() => this.#send({ jsonrpc: '2.0', id, error: { code: errorCodes.MethodNotFound, message: 'This client answers nothing.' } }));
    } else if (method !== undefined) {
      await this.#hear(method, params);
    } else {
      const settle = this.#waiting.get(Number(id));
      this.#waiting.delete(Number(id));
      settle?.(error === undefined ? { result: JSON.stringify(result) } : { error: JSON.stringify(error) });
    }
  }

  #close(): void {
    this.#closed = true;
    for (const settle of this.#waiting.values()) settle(ended);
    this.#waiting.clear();
  }
}

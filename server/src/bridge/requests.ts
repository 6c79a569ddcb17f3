/** Requests that the bridge itself sends to the daemon, besides those of the client. */
import type { Message } from './message.ts';

/** No client has ids that begin like this. */
const PREFIX = 'codebeaker connect ';

/** The error with which the daemon has answered. */
export class Answered extends Error {
  constructor(readonly error: NonNullable<Message['error']>) {
    super(error.message);
  }
}

export class OwnRequests {
  readonly #send: (message: object) => Promise<void>;
  readonly #waiting = new Map<string, (answer: Message) => void>();
  #next = 1;

  /** `send` resolves when there is room for the next message. */
  constructor(send: (message: object) => Promise<void>) {
    this.#send = send;
  }

  /** Whether the daemon may answer one of them. */
  get any(): boolean {
    return this.#waiting.size > 0;
  }

  /** Is cancelled when the signal aborts, which the daemon answers as well. @throws Answered */
  send(method: string, params: object, signal?: AbortSignal): Promise<unknown> {
    const id = `${PREFIX}${this.#next}`;
    this.#next += 1;
    const cancel = () => void this.#send({ jsonrpc: '2.0', method: '$/cancelRequest', params: { id } });
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, ({ result, error }) => {
        signal?.removeEventListener('abort', cancel);
        if (error) reject(new Answered(error));
        else resolve(result);
      });
      void this.#send({ jsonrpc: '2.0', id, method, params });
      if (signal?.aborted) cancel();
      else signal?.addEventListener('abort', cancel);
    });
  }

  /** @returns whether the message is an answer to one of them */
  take(message: Message): boolean {
    const settle = typeof message.id === 'string' && message.method === undefined ? this.#waiting.get(message.id) : undefined;
    if (!settle) return false;
    this.#waiting.delete(message.id as string);
    settle(message);
    return true;
  }

  /** Whether it may be one, told without reading it as JSON. */
  static looksLike(body: Buffer): boolean {
    return body.includes(PREFIX);
  }
}

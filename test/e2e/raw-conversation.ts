/** What every independent client does, whatever carries its messages: it sends requests, and knows which error codes the documents name. */
import { readFileSync } from 'node:fs';

export interface Message {
  id?: number | string | null;
  method?: string;
  params?: any;
  result?: any;
  error?: { code: number; message: string; data?: any };
}

interface Documented {
  methods: { name: string; errors?: { $ref: string }[] }[];
  components: { errors: Record<string, { code: number }> };
}

/** The codes of the errors that openrpc.json names, by method. */
const documented = new Map<string, Set<number>>();
{
  const { methods, components } = JSON.parse(readFileSync(new URL('../../openrpc.json', import.meta.url), 'utf8')) as Documented;
  for (const { name, errors = [] } of methods) {
    documented.set(name, new Set(errors.map(({ $ref }) => components.errors[$ref.slice($ref.lastIndexOf('/') + 1)]?.code as number)));
  }
}

/** What a request gets instead of a response. */
const noAnswer: Message = { error: { code: 0, message: 'the daemon has exited' } };

export abstract class RawConversation {
  readonly notifications: Message[] = [];
  /** Is called for every notification when it arrives. */
  onNotification: (message: Message) => void = () => undefined;
  readonly #waiting = new Map<number, (message: Message) => void>();
  #ended = false;
  #nextId = 1;

  abstract send(message: object): void;

  /** Sends a request. Resolves with the whole response, which has a result or an error. @throws if no document names the error for the method */
  call(method: string, params?: unknown): Promise<Message> & { id: number } {
    const id = this.#nextId++;
    const answer = new Promise<Message>((resolve) => (this.#ended ? resolve(noAnswer) : this.#waiting.set(id, resolve))).then((message) => {
      const { code = 0 } = message.error ?? {};
      if (code !== 0 && documented.get(method)?.has(code) === false) throw new Error(`${method} answered ${code}, which openrpc.json does not name`);
      return message;
    });
    this.send({ jsonrpc: '2.0', id, method, ...(params === undefined ? {} : { params }) });
    return Object.assign(answer, { id });
  }

  /** Sends a request. Resolves with the result. @throws an error that contains the error of the response */
  async request(method: string, params?: unknown): Promise<any> {
    const { result, error } = await this.call(method, params);
    if (error) throw new Error(`${method}: ${error.code} ${error.message} ${JSON.stringify(error.data)}`);
    return result;
  }

  notify(method: string, params?: unknown): void {
    this.send({ jsonrpc: '2.0', method, ...(params === undefined ? {} : { params }) });
  }

  async initialize(capabilities: object = {}, more: object = {}): Promise<any> {
    const result = await this.request('initialize', { processId: process.pid, capabilities, ...more });
    this.notify('initialized', {});
    return result;
  }

  protected dispatch(message: Message): void {
    if (message.method !== undefined) {
      this.notifications.push(message);
      this.onNotification(message);
      return;
    }
    const settle = this.#waiting.get(message.id as number);
    this.#waiting.delete(message.id as number);
    settle?.(message);
  }

  /** Nothing more will be answered. */
  protected ended(): void {
    this.#ended = true;
    for (const settle of this.#waiting.values()) settle(noAnswer);
  }
}

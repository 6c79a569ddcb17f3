/**
 * What stands between the exchange and an adapter that lacks something or does it wrong. It sees requests as the adapter
 * would get them, with paths of the sandbox, and what the adapter says before it is rewritten for the client.
 */
import { deferred } from '../base/promises.ts';
import { type DapEvent, type DapMessage, type DapRequest, type DapResponse, errorOf, type Json } from './dap.ts';
import { bodyFor, errorIn, UNUSABLE } from './tables.ts';

export interface Mend {
  /** Returns false, and drops the message, if too much is waiting for the adapter. */
  toAdapter(message: DapMessage): boolean;
  /** Resolves when the client has room for the next message. */
  fromAdapter(message: DapMessage): Promise<void>;
}

/** What a mend stands between. */
export interface MendSides {
  adapter(message: DapMessage): boolean;
  client(message: DapMessage): Promise<void>;
}

export type MakeMend = (sides: MendSides) => Mend;

/** Requests of the daemon itself have numbers from here on. */
const FIRST_OWN = 2 ** 40;
/** So many requests of the daemon itself may wait for an answer. */
const MAX_OWN = 100;

/** A mend that changes nothing. What an adapter needs is in `request`, `response` and `event` of those that extend it. */
export abstract class Mending implements Mend {
  readonly #sides: MendSides;
  /** The requests of the client that wait for an answer. */
  readonly #asked = new Map<number, DapRequest>();
  /** The requests of the daemon itself. */
  readonly #own = new Map<number, { readonly command: string; answered(response: DapResponse): void }>();
  #last = FIRST_OWN;

  constructor(sides: MendSides) {
    this.#sides = sides;
  }

  toAdapter(message: DapMessage): boolean {
    return message.type === 'request' ? this.request(message) : this.#sides.adapter(message);
  }

  async fromAdapter(message: DapMessage): Promise<void> {
    if (message.type === 'event') return this.event(message);
    if (message.type === 'request') return this.#sides.client(message);
    const own = this.#own.get(message.request_seq);
    if (own) {
      this.#own.delete(message.request_seq);
      return own.answered(usable(message, own.command));
    }
    const asked = this.#asked.get(message.request_seq);
    this.#asked.delete(message.request_seq);
    return asked ? this.response(message, asked) : this.#sides.client(message);
  }

  /** Takes a request of the client. Returns false if too much is waiting for the adapter. */
  protected request(request: DapRequest): boolean {
    return this.pass(request);
  }

  /** Takes the adapter's response to a request that was passed on. */
  protected response(response: DapResponse, _asked: DapRequest): Promise<void> {
    return this.tell(response);
  }

  protected event(event: DapEvent): Promise<void> {
    return this.tell(event);
  }

  /** Hands a request of the client on. */
  protected pass(request: DapRequest): boolean {
    if (!this.#sides.adapter(request)) return false;
    this.#asked.set(request.seq, request);
    return true;
  }

  protected tell(message: DapResponse | DapEvent): Promise<void> {
    return this.#sides.client(message);
  }

  protected say(event: string, body?: Json): Promise<void> {
    return this.tell({ seq: 0, type: 'event', event, ...(body === undefined ? {} : { body }) });
  }

  /** Answers a request in place of the adapter. Always returns true. */
  protected answer({ seq, command }: DapRequest, body: Json = {}): true {
    void this.tell({ seq: 0, type: 'response', request_seq: seq, success: true, command, body });
    return true;
  }

  /** Answers a request in place of the adapter, with words for people. Always returns true. */
  protected refuse({ seq, command }: DapRequest, message: string): true {
    void this.tell({ seq: 0, type: 'response', request_seq: seq, success: false, command, message });
    return true;
  }

  /**
   * A request of the daemon itself. It never resolves where the adapter does not answer; undefined: too much is waiting.
   * The body of the answer has the shape of the protocol. Nothing may wait for it in `event` or `response`, since the answer would come after them.
   */
  protected async ask(command: string, args: Json): Promise<DapResponse | undefined> {
    const seq = ++this.#last;
    const answered = deferred<DapResponse>();
    if (this.#own.size >= MAX_OWN || !this.#sides.adapter({ seq, type: 'request', command, arguments: args })) return undefined;
    this.#own.set(seq, { command, answered: answered.resolve });
    return answered.promise;
  }

  /** Does for a request of the client what can fail, such as to ask. Then the request is refused. Always returns true. */
  protected settle(request: DapRequest, work: () => Promise<unknown>): true {
    work().catch(() => this.refuse(request, UNUSABLE));
    return true;
  }
}

/** An answer in the shape of the protocol. One that cannot be used is as one that says so. */
function usable(response: DapResponse, command: string): DapResponse {
  const { body = {}, success, ...rest } = response;
  const fit = success && response.command === command ? bodyFor(response) : undefined;
  if (fit) return { ...rest, success, body: fit };
  return success ? { ...rest, success: false, message: UNUSABLE, body: errorOf(UNUSABLE) } : { ...rest, success, body: errorIn(body) ?? {} };
}

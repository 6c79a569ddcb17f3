/** The client's requests that have not been answered yet. */
import type { Id } from './message.ts';

interface PendingRequest {
  readonly id: Id;
  readonly bytes: number;
  /** Whether it has been handed on to its handler. */
  handed: boolean;
  cancelled: boolean;
}

/**
 * Gives every request a number, under which vscode-jsonrpc knows it. So the ids `1` and `"1"` are two requests, and
 * every answer has exactly the id of its request.
 * Invariant: an id is in flight at most once.
 */
export class InFlight {
  readonly #numbers = new Map<Id, number>();
  readonly #pending = new Map<number, PendingRequest>();
  #last = 0;
  #bytes = 0;

  get size(): number {
    return this.#pending.size;
  }

  /** The total size of the messages of these requests. */
  get bytes(): number {
    return this.#bytes;
  }

  has(id: Id): boolean {
    return this.#numbers.has(id);
  }

  admit(id: Id, bytes: number): number {
    this.#last += 1;
    this.#numbers.set(id, this.#last);
    this.#pending.set(this.#last, { id, bytes, handed: false, cancelled: false });
    this.#bytes += bytes;
    return this.#last;
  }

  /** Records that the request has been handed on to its handler. Returns whether it had been cancelled before. */
  handedOn(number: number): boolean {
    const request = this.#pending.get(number);
    if (request) request.handed = true;
    return request?.cancelled ?? false;
  }

  /**
   * Records that the request was cancelled. Returns its number if its handler must be told now; undefined if it is not
   * in flight, was cancelled before, or has not been handed on yet.
   */
  cancel(id: Id): number | undefined {
    const number = this.#numbers.get(id);
    const request = number === undefined ? undefined : this.#pending.get(number);
    if (!request || request.cancelled) return undefined;
    request.cancelled = true;
    return request.handed ? number : undefined;
  }

  /** Removes the request and returns its id; undefined if it has been answered already. */
  settle(number: number): Id | undefined {
    const request = this.#pending.get(number);
    if (!request) return undefined;
    this.#pending.delete(number);
    this.#numbers.delete(request.id);
    this.#bytes -= request.bytes;
    return request.id;
  }

  /** Removes all requests and returns their ids. */
  settleAll(): Id[] {
    const numbers = [...this.#pending.keys()];
    return numbers.map((number) => this.settle(number)).filter((id) => id !== undefined);
  }
}

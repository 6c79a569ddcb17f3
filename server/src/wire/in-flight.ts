/** The requests of the client that have not been answered. */
import type { Id } from './message.ts';

interface Entry {
  readonly id: Id;
  readonly bytes: number;
  handed: boolean;
  cancelled: boolean;
}

/**
 * Gives every request a number of ours, so that `1` and `"1"` are two requests and an id comes back as it was.
 * Invariant: an id is in flight at most once.
 */
export class InFlight {
  readonly #numbers = new Map<Id, number>();
  readonly #entries = new Map<number, Entry>();
  #last = 0;
  #bytes = 0;

  get size(): number {
    return this.#entries.size;
  }

  /** How large the messages of these requests were. */
  get bytes(): number {
    return this.#bytes;
  }

  has(id: Id): boolean {
    return this.#numbers.has(id);
  }

  admit(id: Id, bytes: number): number {
    this.#last += 1;
    this.#numbers.set(id, this.#last);
    this.#entries.set(this.#last, { id, bytes, handed: false, cancelled: false });
    this.#bytes += bytes;
    return this.#last;
  }

  /** The request is on its way to its handler. Returns whether it was cancelled before. */
  handedOn(number: number): boolean {
    const entry = this.#entries.get(number);
    if (entry) entry.handed = true;
    return entry?.cancelled ?? false;
  }

  /** The number of a request that was handed on and is now to be cancelled: once, while it is in flight. */
  cancel(id: Id): number | undefined {
    const number = this.#numbers.get(id);
    const entry = number === undefined ? undefined : this.#entries.get(number);
    if (!entry || entry.cancelled) return undefined;
    entry.cancelled = true;
    return entry.handed ? number : undefined;
  }

  /** The id to answer with. The request is in flight no longer. */
  settle(number: number): Id | undefined {
    const entry = this.#entries.get(number);
    if (!entry) return undefined;
    this.#entries.delete(number);
    this.#numbers.delete(entry.id);
    this.#bytes -= entry.bytes;
    return entry.id;
  }

  /** Every id, none of which is in flight any longer. */
  settleAll(): Id[] {
    const numbers = [...this.#entries.keys()];
    return numbers.map((number) => this.settle(number)).filter((id) => id !== undefined);
  }
}

/** The order in which the protocol has a client told things. An adapter may say them in any. */
import type { DapEvent, DapResponse } from './dap.ts';

type Told = Omit<DapResponse, 'seq'> | Omit<DapEvent, 'seq'>;

/** So much is kept of what comes too early, in characters of its events, and the rest is dropped, but for what can happen once. */
const MAX_EARLY = 256 * 1024;
/** What can happen once. */
const ONCE: ReadonlySet<string> = new Set(['initialized', 'exited', 'terminated']);

/** Invariant: the first thing that a client is told is the answer to its first request, which is `initialize`; if that is refused, it is told of no event; and what can happen once is told once. */
export class Order {
  readonly #told = new Set<string>();
  #early: Told[] = [];
  #room = MAX_EARLY;
  #introduced = false;
  /** Whether an `initialize` was answered with a success. */
  #accepted = false;
  #refused = false;

  /** Whether the client knows of nothing that goes on, because its `initialize` was refused. */
  get refused(): boolean {
    return this.#refused;
  }

  /** What is told now that this comes, in this order. */
  push(message: Told): readonly Told[] {
    if (message.type === 'event') return this.#event(message);
    if (message.command === 'initialize') this.#refused = !(this.#accepted ||= message.success);
    this.#introduced = !this.#refused;
    if (this.#refused) return [message];
    return [message, ...this.#early.splice(0)];
  }

  #event(event: Omit<DapEvent, 'seq'>): readonly Told[] {
    if (ONCE.has(event.event)) {
      if (this.#told.has(event.event)) return [];
      this.#told.add(event.event);
    }
    if (this.#introduced) return [event];
    const isKept = ONCE.has(event.event) || (this.#room -= JSON.stringify(event).length) >= 0;
    if (isKept) this.#early.push(event);
    return [];
  }
}

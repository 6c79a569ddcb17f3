/** Sandboxes that nobody needs any more. To remove one costs time that a run which starts just then would miss. */
import type { Clock } from '../base/clock.ts';

/** By then a program that was started has begun. */
export const LEAVE_AFTER_MS = 1_000;

export type Close = () => Promise<unknown>;

export class Leaving {
  readonly #clock: Clock;
  readonly #waiting = new Map<Close, () => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  soon(close: Close): void {
    this.#waiting.set(close, this.#clock.after(LEAVE_AFTER_MS, () => void this.#close(close)));
  }

  /** Closes what waits. Resolves when it is closed. @returns whether there was anything */
  async now(): Promise<boolean> {
    const all = [...this.#waiting.keys()];
    await Promise.all(all.map((close) => this.#close(close)));
    return all.length > 0;
  }

  async #close(close: Close): Promise<void> {
    this.#waiting.get(close)?.();
    this.#waiting.delete(close);
    await close();
  }
}

/** Closes sandboxes a moment after they have become useless, so that removing them does not slow down the run that has just begun. */
import type { Clock } from '../../base/clock.ts';

/** By then the program of the new run has usually begun. */
export const CLOSE_DELAY_MS = 1_000;

export type CloseSandbox = () => Promise<unknown>;

export class DelayedClose {
  readonly #clock: Clock;
  /** Each close that is due → how to cancel its timer. */
  readonly #due = new Map<CloseSandbox, () => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  closeSoon(close: CloseSandbox): void {
    this.#due.set(close, this.#clock.after(CLOSE_DELAY_MS, () => void this.#close(close)));
  }

  /** Resolves when all that were due are closed. @returns whether there were any */
  async closeAllNow(): Promise<boolean> {
    const all = [...this.#due.keys()];
    await Promise.all(all.map((close) => this.#close(close)));
    return all.length > 0;
  }

  async #close(close: CloseSandbox): Promise<void> {
    this.#due.get(close)?.();
    this.#due.delete(close);
    await close();
  }
}

/** Counts how often the daemon crashes, and decides when it is not started again. */
const MAX_CRASHES = 5;
const WINDOW_MS = 3 * 60_000;

export class Crashes {
  #times: number[] = [];

  /** @returns whether this crash is the fifth within three minutes. The count then begins anew. */
  add(now: number): boolean {
    this.#times = [...this.#times.filter((time) => now - time < WINDOW_MS), now];
    if (this.#times.length < MAX_CRASHES) return false;
    this.forget();
    return true;
  }

  forget(): void {
    this.#times = [];
  }
}

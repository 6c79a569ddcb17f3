/** How often the daemon may die before nobody starts it again by itself. */
const MAX_CRASHES = 5;
const WINDOW_MS = 3 * 60_000;

export class Crashes {
  #times: number[] = [];

  /** @returns whether it is too often: the fifth time within three minutes. */
  add(now: number): boolean {
    this.#times = [...this.#times.filter((time) => now - time < WINDOW_MS), now];
    return this.#times.length >= MAX_CRASHES;
  }

  forget(): void {
    this.#times = [];
  }
}

/** Waits for so long, and counts only the time in which what is waited for can come. */
export class Patience {
  readonly #over: () => void;
  #leftMs: number;
  #since = 0;
  #timer: NodeJS.Timeout | undefined;

  /** @param over called once, when the time has been counted */
  constructor(ms: number, over: () => void) {
    this.#leftMs = ms;
    this.#over = over;
  }

  /** Counts time or does not, from now on. */
  set counting(counts: boolean) {
    if (counts === (this.#timer !== undefined)) return;
    if (counts) {
      this.#since = performance.now();
      this.#timer = setTimeout(this.#over, this.#leftMs).unref();
    } else {
      clearTimeout(this.#timer);
      this.#timer = undefined;
      this.#leftMs = Math.max(0, this.#leftMs - (performance.now() - this.#since));
    }
  }
}

import type { Clock } from '../../server/src/base/clock.ts';

interface Timer {
  readonly at: number;
  readonly callback: () => void;
}

/** A clock that stands still until `advance` moves it. Both readings move together, unless somebody sets the clock: `set`. */
export class FakeClock implements Clock {
  readonly #start: number;
  #elapsed = 0;
  #set = 0;
  #timers = new Set<Timer>();

  constructor(start = Date.UTC(2030, 0, 1)) {
    this.#start = start;
  }

  now(): number {
    return this.#start + this.#elapsed + this.#set;
  }

  monotonic(): number {
    return this.#elapsed;
  }

  after(ms: number, callback: () => void): () => void {
    const timer = { at: this.#elapsed + Math.max(ms, 0), callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Sets the time of day forward by `ms`, or back where it is less than 0. What measures durations does not notice. */
  set(ms: number): void {
    this.#set += ms;
  }

  /** How many timers are pending. A test looks at it to see that none was left behind. */
  get pending(): number {
    return this.#timers.size;
  }

  /**
   * Moves the clock forward by `ms` and fires the timers that are due, in order and each at its own time. Everything that
   * a timer sets off runs before the next one fires. Timers that are added meanwhile fire too if they are due.
   */
  async advance(ms: number): Promise<void> {
    const end = this.#elapsed + ms;
    await settle();
    for (let next = this.#next(end); next; next = this.#next(end)) {
      this.#timers.delete(next);
      this.#elapsed = next.at;
      next.callback();
      await settle();
    }
    this.#elapsed = end;
  }

  #next(end: number): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of this.#timers) {
      if (timer.at <= end && (!first || timer.at < first.at)) first = timer;
    }
    return first;
  }
}

/** Lets every promise settle that waits neither for input nor for time. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 2; turn += 1) await new Promise<void>((resolve) => void setImmediate(resolve));
}

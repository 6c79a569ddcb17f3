/** Time comes from here, so that tests can move it. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Milliseconds that never go back. */
  monotonic(): number;
  /** Calls `callback` once after `ms`. The result cancels it. */
  after(ms: number, callback: () => void): () => void;
}

/** The longest delay a Node timer takes: 2^31 - 1 ms, about 25 days. */
const MAX_TIMER_MS = 2_147_483_647;

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, Math.min(ms, MAX_TIMER_MS));
    return () => clearTimeout(timer);
  },
};

/** Settles like `work`, or rejects with `error()` after `ms`. The timer never outlives the wait. */
export async function deadline<T>(clock: Clock, ms: number, work: Promise<T>, error: () => Error): Promise<T> {
  let cancel: (() => void) | undefined;
  const late = new Promise<never>((_, reject) => {
    cancel = clock.after(ms, () => reject(error()));
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    cancel?.();
  }
}

/** Resolves with whether `work` settles within `ms`, however it does. For a wait that goes on in either case. */
export function within(clock: Clock, ms: number, work: Promise<unknown>): Promise<boolean> {
  const settled = work.then(() => true, () => true);
  return deadline(clock, ms, settled, () => new Error('late')).catch(() => false);
}

/** Resolves after `ms`. */
export function sleep(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => void clock.after(ms, resolve));
}

/** The source of time for the whole daemon. It is a parameter everywhere, so tests can use a clock that they move. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Milliseconds since some moment; the value never goes back. */
  monotonic(): number;
  /** Calls `callback` once, after `ms` milliseconds; as soon as it can where that is less than 0. Calling the returned function cancels that. */
  after(ms: number, callback: () => void): () => void;
}

/** The longest delay a Node timer takes: 2^31 - 1 ms, about 25 days. */
const MAX_TIMER_MS = 2_147_483_647;

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, Math.max(0, Math.min(ms, MAX_TIMER_MS)));
    return () => clearTimeout(timer);
  },
};

/** Settles as `promise` does, or rejects with `error()` after `ms`. No timer is left behind. */
export async function deadline<T>(clock: Clock, ms: number, promise: Promise<T>, error: () => Error): Promise<T> {
  let cancel: (() => void) | undefined;
  const late = new Promise<never>((_, reject) => {
    cancel = clock.after(ms, () => reject(error()));
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    cancel?.();
  }
}

/** Resolves with true when `promise` is fulfilled or rejected, or with false after `ms` if it has done neither. Never rejects. */
export function within(clock: Clock, ms: number, promise: Promise<unknown>): Promise<boolean> {
  const settled = promise.then(() => true, () => true);
  return deadline(clock, ms, settled, () => new Error('late')).catch(() => false);
}

/** Resolves after `ms`. */
export function sleep(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => void clock.after(ms, resolve));
}

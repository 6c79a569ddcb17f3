/** Repeats what has failed for a moment, after pauses that grow and that differ by chance, so that those who wait do not all come back at once. */
import type { Clock } from './clock.ts';
import { deferred } from './promises.ts';

export interface RetryParts {
  readonly clock: Clock;
  /** Whether it may succeed, and does no harm, if it is done once more. */
  mayRepeat(fault: unknown): boolean;
  /** Ends a pause. Then the fault before it is the result. */
  readonly signal: AbortSignal;
  /** From 0 to 1. */
  readonly random?: () => number;
}

/** So often it is tried at most. */
export const MAX_TRIES = 4;
/** The longest first pause. Each further one may be twice as long, up to MAX_PAUSE_MS. */
export const FIRST_PAUSE_MS = 100;
export const MAX_PAUSE_MS = 1_000;

/** Settles as the last try does. */
export async function retrying<T>(work: () => Promise<T>, { clock, mayRepeat, signal, random = Math.random }: RetryParts): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await work();
    } catch (fault) {
      if (tries >= MAX_TRIES || signal.aborted || !mayRepeat(fault)) throw fault;
      const most = Math.min(FIRST_PAUSE_MS * 2 ** (tries - 1), MAX_PAUSE_MS);
      if (!(await pause(clock, (most * (1 + random())) / 2, signal))) throw fault;
    }
  }
}

/** Resolves with true after `ms`, or with false when `signal` aborts. */
async function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<boolean> {
  const over = deferred<boolean>();
  const cancel = clock.after(ms, () => over.resolve(true));
  const stop = () => over.resolve(false);
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  const whole = await over.promise;
  cancel();
  signal.removeEventListener('abort', stop);
  return whole;
}

/** Helpers for promises. */

/** A promise together with the functions that settle it. */
export interface Deferred<T> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
  reject(fault: unknown): void;
}

/** If it is rejected and nobody waits for it, Node does not treat that as an unhandled rejection. */
export function deferred<T = void>(): Deferred<T> {
  let resolve!: (value: T) => void;
  let reject!: (fault: unknown) => void;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  promise.catch(() => undefined);
  return { promise, resolve, reject };
}

/**
 * Something that happens at most once and ends the waits that are going on. A wait that has settled before leaves
 * nothing behind. (`Promise.race` would leave a reaction on the promise that it is given, for as long as that lives.)
 */
export class Interruption {
  readonly #waits = new Set<() => void>();
  #happened = false;

  /** Ends every wait that is going on, and from now on each one at once. */
  happen(): void {
    this.#happened = true;
    for (const end of this.#waits) end();
    this.#waits.clear();
  }

  /** Settles like `work`, or resolves when the interruption happens first. A fault of `work` is dropped after that. */
  limit(work: Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#happened) resolve();
      else this.#waits.add(resolve);
      void work.then(resolve, reject).then(() => this.#waits.delete(resolve));
    });
  }
}

/** Runs tasks one after the other. If a task fails, the next one runs all the same. */
export class Sequence {
  #tail: Promise<unknown> = Promise.resolve();

  run<T>(task: () => Promise<T> | T): Promise<T> {
    const next = this.#tail.then(task);
    this.#tail = next.catch(() => undefined);
    return next;
  }
}

/** Resolves in the next iteration of the event loop: after all promise callbacks that are due now, and what they write. */
export function nextLoopIteration(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}

/** Settles as `promise` does, or rejects with the reason of `signal` if that aborts first. No listener is left behind. */
export function abortable<T>(signal: AbortSignal | undefined, promise: Promise<T>): Promise<T> {
  if (!signal) return promise;
  if (signal.aborted) {
    promise.catch(() => undefined);
    return Promise.reject(signal.reason);
  }
  return new Promise<T>((resolve, reject) => {
    const stop = () => reject(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}

/**
 * Waits until all of `closings` have settled, also if some of them fail.
 * @throws AggregateError if some of them failed, with all their errors
 */
export async function closeAll(closings: Iterable<Promise<unknown>>, message: string): Promise<void> {
  const settled = await Promise.allSettled(closings);
  const faults = settled.flatMap((each) => (each.status === 'rejected' ? [each.reason as unknown] : []));
  if (faults.length > 0) throw new AggregateError(faults, message);
}

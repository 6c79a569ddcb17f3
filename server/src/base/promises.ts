/** A promise with its two ends apart. */
export interface Deferred<T> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
  reject(fault: unknown): void;
}

/** An unhandled rejection of it is not a fault of the process: whoever waits sees it. */
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

/** Runs tasks one after the other. A task that fails does not stop the next. */
export class Sequence {
  #tail: Promise<unknown> = Promise.resolve();

  run<T>(task: () => Promise<T> | T): Promise<T> {
    const next = this.#tail.then(task);
    this.#tail = next.catch(() => undefined);
    return next;
  }
}

/** Resolves when what is going on now has been gone through to its end, and what it wrote has been handed over. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}

/** Rejects when `signal` aborts first; the listener never outlives the wait. */
export function abortable<T>(signal: AbortSignal | undefined, work: Promise<T>): Promise<T> {
  if (!signal) return work;
  if (signal.aborted) {
    work.catch(() => undefined);
    return Promise.reject(signal.reason);
  }
  return new Promise<T>((resolve, reject) => {
    const stop = () => reject(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}

/**
 * Closes several things at once. Resolves when all of them have settled.
 * @throws AggregateError where some failed, with all their faults
 */
export async function closeAll(works: Iterable<Promise<unknown>>, message: string): Promise<void> {
  const settled = await Promise.allSettled(works);
  const faults = settled.flatMap((each) => (each.status === 'rejected' ? [each.reason as unknown] : []));
  if (faults.length > 0) throw new AggregateError(faults, message);
}

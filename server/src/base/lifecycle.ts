/** Ownership: what is opened is closed, once, in reverse order, whatever throws on the way. */

export interface Disposable {
  dispose(): void | Promise<void>;
}

type Cleanup = () => void | Promise<void>;

/**
 * A stack of clean-ups. `dispose` runs all of them, last added first, and then throws what they threw.
 * What is added after disposal is cleaned up at once.
 */
export class Scope implements Disposable {
  #cleanups: Cleanup[] | undefined = [];
  #disposal: Promise<void> | undefined;

  add(cleanup: Cleanup): void {
    if (this.#cleanups) this.#cleanups.push(cleanup);
    else void Promise.resolve().then(cleanup).catch(() => undefined);
  }

  get disposed(): boolean {
    return this.#cleanups === undefined;
  }

  dispose(): Promise<void> {
    this.#disposal ??= this.#run();
    return this.#disposal;
  }

  async #run(): Promise<void> {
    const cleanups = this.#cleanups ?? [];
    this.#cleanups = undefined;
    const faults: unknown[] = [];
    for (const cleanup of cleanups.reverse()) {
      try {
        await cleanup();
      } catch (fault) {
        faults.push(fault);
      }
    }
    if (faults.length === 1) throw faults[0];
    if (faults.length > 1) throw new AggregateError(faults, 'several clean-ups failed');
  }
}

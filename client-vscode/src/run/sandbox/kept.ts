/** The sandboxes of programs that have ended. They stay open, so that people can look into them, until there are more than wanted. */
import type { CloseSandbox } from './delayed-close.ts';

export class KeptSandboxes {
  readonly #limit: () => number;
  /** Whose sandbox it is → how it is closed. The one whose program ended last is the last. */
  readonly #all = new Map<object, CloseSandbox>();

  /** @param limit how many stay open */
  constructor(limit: () => number) {
    this.#limit = limit;
  }

  /** Takes the place of what is kept for the same owner. Closes the oldest if there are too many now. */
  keep(owner: object, close: CloseSandbox): void {
    this.release(owner);
    this.#all.set(owner, close);
    for (const [old, closeOld] of [...this.#all].slice(0, Math.max(0, this.#all.size - this.#limit()))) {
      this.release(old);
      void closeOld();
    }
  }

  /** The owner closes the sandbox, or it is closed. */
  release(owner: object): void {
    this.#all.delete(owner);
  }
}

/** Writes in the background what changes often: soon after a pause, and then at most once a second. */
import type { Clock } from '../base/clock.ts';
import { Sequence } from '../base/promises.ts';

const EVERY_MS = 1_000;

export class Saver {
  readonly #clock: Clock;
  readonly #write: () => Promise<void>;
  readonly #writing = new Sequence();
  #cancel: (() => void) | undefined;
  #at = -Infinity;

  /** `write` writes everything that has changed, and never rejects. */
  constructor(clock: Clock, write: () => Promise<void>) {
    this.#clock = clock;
    this.#write = write;
  }

  /** Something has changed. */
  due(): void {
    this.#cancel ??= this.#clock.after(this.#at + EVERY_MS - this.#clock.monotonic(), () => void this.save());
  }

  /** Resolves when everything that has changed is written. */
  save(): Promise<void> {
    this.#cancel?.();
    this.#cancel = undefined;
    return this.#writing.run(() => {
      this.#at = this.#clock.monotonic();
      return this.#write();
    });
  }
}

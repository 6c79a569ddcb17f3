/** Stops reading while too much waits, so that a fast client can't fill the memory. */
import type { Readable } from 'node:stream';

/** Messages that were read and have not been handed to their handler. */
export const MAX_UNDISPATCHED = 1000;
/** Bytes written that the client has not read. */
export const MAX_UNSENT_BYTES = 32 * 1024 * 1024;

/** Shut at either maximum; open again when both are down to half of it. */
export class Valve {
  readonly #input: Readable;
  readonly #unsentBytes: () => number;
  readonly #queued = new Set<object>();
  #shut = false;
  #stopped = false;

  constructor(input: Readable, unsentBytes: () => number) {
    this.#input = input;
    this.#unsentBytes = unsentBytes;
  }

  get shut(): boolean {
    return this.#shut;
  }

  queued(message: object): void {
    this.#queued.add(message);
    this.regulate();
  }

  dispatched(message: object): void {
    this.#queued.delete(message);
    this.regulate();
  }

  /** Shuts it for good. */
  stop(): void {
    this.#stopped = true;
    this.#input.pause();
  }

  /** To be called when the number of unsent bytes may have changed. */
  regulate(): void {
    const share = this.#shut ? 0.5 : 1;
    const full = this.#queued.size > MAX_UNDISPATCHED * share || this.#unsentBytes() > MAX_UNSENT_BYTES * share;
    if (full === this.#shut || this.#stopped) return;
    this.#shut = full;
    if (full) this.#input.pause();
    else this.#input.resume();
  }
}

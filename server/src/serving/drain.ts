/** How a daemon comes to its end in order: it takes on nothing new, and what runs has some time to end by itself. */
import { type Clock, within } from '../base/clock.ts';
import { deferred } from '../base/promises.ts';
import { ProtocolError } from '../protocol/index.ts';

export class Drain {
  readonly #clock: Clock;
  readonly #over = deferred();
  #working = 0;
  /** By the monotonic clock. undefined: it has not begun. */
  #endsAt: number | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get begun(): boolean {
    return this.#endsAt !== undefined;
  }

  /**
   * Calls `begin` in the same turn, and counts what it returns as work until that settles. Rejects with ProtocolError
   * ShuttingDown where nothing new is taken on any more. Whoever waits for the work waits for no other promise.
   */
  work<T>(begin: () => Promise<T>): Promise<T> {
    if (this.#endsAt !== undefined) return Promise.reject(shuttingDown(this.#endsAt - this.#clock.monotonic()));
    this.#working++;
    const working = begin();
    working.then(this.#ended, this.#ended);
    return working;
  }

  readonly #ended = (): void => {
    this.#working--;
    this.#look();
  };

  /**
   * From now on nothing new is taken on. Resolves with whether all work has ended: as soon as it has, and otherwise after
   * `deadlineMs`, or when `hurry` aborts. It is called once.
   */
  async begin(deadlineMs: number, hurry: AbortSignal): Promise<boolean> {
    this.#endsAt = this.#clock.monotonic() + deadlineMs;
    const stop = () => this.#over.resolve();
    hurry.addEventListener('abort', stop, { once: true });
    if (hurry.aborted || deadlineMs === 0) stop();
    this.#look();
    await within(this.#clock, deadlineMs, this.#over.promise);
    hurry.removeEventListener('abort', stop);
    return this.#working === 0;
  }

  #look(): void {
    if (this.begun && this.#working === 0) this.#over.resolve();
  }
}

function shuttingDown(leftMs: number): ProtocolError {
  return new ProtocolError('ShuttingDown', 'the daemon is shutting down and takes on nothing new: connect again when it is back', { endsInMs: Math.max(0, Math.round(leftMs)) });
}

/** Tells when the daemon has nothing to do: no command runs, and for a while nothing has happened. */
import type { Clock } from '../../base/clock.ts';
import { abortable, deferred } from '../../base/promises.ts';
import type { EventStream } from '../../events/events.ts';

/** So long nothing must have happened. */
export const QUIET_MS = 2_000;

export class Quiet {
  readonly #clock: Clock;
  readonly #events: EventStream;
  readonly #stop: () => void;
  #commands = 0;

  constructor(clock: Clock, events: EventStream) {
    this.#clock = clock;
    this.#events = events;
    this.#stop = events.listen(({ kind }) => {
      if (kind === 'commandBegan') this.#commands++;
      if (kind === 'commandEnded') this.#commands--;
    });
  }

  /** Resolves when the daemon is quiet. Rejects with the reason of the signal. */
  async wait(signal: AbortSignal): Promise<void> {
    const quiet = deferred();
    let cancel: (() => void) | undefined;
    const begin = () => {
      cancel?.();
      cancel = this.#clock.after(QUIET_MS, () => {
        if (this.#commands === 0) quiet.resolve();
      });
    };
    const stop = this.#events.listen(begin);
    begin();
    try {
      await abortable(signal, quiet.promise);
    } finally {
      stop();
      cancel?.();
    }
  }

  close(): void {
    this.#stop();
  }
}

/** Notices an agent that has stopped: nothing comes from it although it is asked whether it is there. */
import type { Clock } from '../../base/clock.ts';

/** While an answer of the agent is waited for, it is asked this often whether it is there. */
const ASK_EVERY_MS = 3_000;
/**
 * So many times in a row may nothing come before it counts as stopped. It has half a minute: an agent answers at once,
 * whatever it has begun, so on a machine that is merely busy something comes. They are counted one by one, since a daemon
 * that was itself kept from running has not heard what came meanwhile.
 */
const MAX_SILENCES = 10;

export interface PulseParts {
  readonly clock: Clock;
  /** Asks the agent for anything that it answers at once. */
  ask(): void;
  /** Is called when the agent has stopped. */
  stopped(): void;
}

export class Pulse {
  readonly #parts: PulseParts;
  #waiting = 0;
  #silences = 0;
  #cancel: () => void = () => undefined;

  constructor(parts: PulseParts) {
    this.#parts = parts;
  }

  /** Something has come from the agent. */
  heard(): void {
    this.#silences = 0;
  }

  /** Settles as `answer` does, which is the agent's to give: what a program takes its time for is none. */
  async during<T>(answer: Promise<T>): Promise<T> {
    if (this.#waiting++ === 0) {
      this.#silences = 0;
      this.#listen();
    }
    try {
      return await answer;
    } finally {
      if (--this.#waiting === 0) this.#cancel();
    }
  }

  #listen(): void {
    this.#cancel = this.#parts.clock.after(ASK_EVERY_MS, () => {
      if (++this.#silences > MAX_SILENCES) return this.#parts.stopped();
      this.#parts.ask();
      this.#listen();
    });
  }
}

/** Bounds how many sessions may be open at once, in the whole daemon and in one connection. */
import { ProtocolError } from '../protocol/index.ts';

export class Places {
  #max: number;
  readonly #within: Places | undefined;
  #taken = 0;

  /** A place that is taken here is also taken in `within`. */
  constructor(max: number, within?: Places) {
    this.#max = max;
    this.#within = within;
  }

  /** From now on so many may be taken. Those that are taken stay so. */
  resize(max: number): void {
    this.#max = max;
  }

  /** How many are taken. */
  get taken(): number {
    return this.#taken;
  }

  /**
   * Takes a place. Calling the returned function gives it back; further calls do nothing.
   * @throws ProtocolError TooManySessions
   */
  take(): () => void {
    if (this.#taken >= this.#max) {
      const max = this.#max;
      throw new ProtocolError('TooManySessions', `${max} sessions are open, and no more are allowed: close one, or raise sessions.max in the configuration`, { max });
    }
    const giveBack = this.#within?.take();
    this.#taken++;
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#taken--;
      giveBack?.();
    };
  }
}

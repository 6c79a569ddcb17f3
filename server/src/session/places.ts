/** How many sessions may be open at once: in the whole daemon, and within that for one connection. */
import { ProtocolError } from '../protocol/index.ts';

export class Places {
  readonly #max: number;
  readonly #within: Places | undefined;
  #taken = 0;

  /** `within`: whatever is taken here is taken there too. */
  constructor(max: number, within?: Places) {
    this.#max = max;
    this.#within = within;
  }

  /**
   * Takes a place. The result gives it back; to call it again does nothing.
   * @throws ProtocolError TooManySessions
   */
  take(): () => void {
    if (this.#taken >= this.#max) {
      const max = this.#max;
      throw new ProtocolError('TooManySessions', `there are ${max} sessions already: close one, or raise sessions.max`, { max });
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

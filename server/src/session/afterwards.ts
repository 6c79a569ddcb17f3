/** What is still looked at in a sandbox when a command has been answered. A session that is closed upon the answer waits for it, for a moment. */
import { type Clock, within } from '../base/clock.ts';

/** A session that closes waits at most this long. */
const MAX_WAIT_MS = 50;

export class Afterwards {
  readonly #looking = new Set<Promise<void>>();
  #isOver = false;

  /** Nothing is looked at any more when the session closes. What `look` throws is dropped. */
  run(look: () => Promise<void>): void {
    if (this.#isOver) return;
    const looking = look().catch(() => undefined).finally(() => this.#looking.delete(looking));
    this.#looking.add(looking);
  }

  async end(clock: Clock): Promise<void> {
    this.#isOver = true;
    if (this.#looking.size > 0) await within(clock, MAX_WAIT_MS, Promise.all(this.#looking));
  }
}

/** What was made for somebody who gave up, or was refused, is removed, however long that takes. */
import { type Clock, deadline } from '../../../base/clock.ts';
import type { Log } from '../../../base/log.ts';

/** Who gave up waits no longer for what is left to go. `settled` does. */
const UNDO_DEADLINE_MS = 1_000;

export class Removals {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #underWay = new Set<Promise<void>>();

  constructor({ clock, log }: { clock: Clock; log: Log }) {
    this.#clock = clock;
    this.#log = log;
  }

  /** The result of `work`; where there is none, what `remove` removes is gone, or going. */
  async undoing<T>(remove: () => Promise<void>, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (fault) {
      await this.undo(remove());
      throw fault;
    }
  }

  /** Waits a moment for a removal; however long it takes, it goes on. */
  async undo(removal: Promise<void>): Promise<void> {
    const done = removal
      .catch((fault: unknown) => this.#log.warn('a container could not be removed', fault))
      .finally(() => this.#underWay.delete(done));
    this.#underWay.add(done);
    await deadline(this.#clock, UNDO_DEADLINE_MS, done, () => new Error('slow')).catch(() => undefined);
  }

  async settled(): Promise<void> {
    await Promise.all(this.#underWay);
  }
}

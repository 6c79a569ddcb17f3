/**
 * Removes what was made for a sandbox that nobody gets, because its creation was cancelled or failed. Whoever asked for
 * it waits only a moment for that; the removal goes on in the background.
 */
import { type Clock, within } from '../../../base/clock.ts';
import type { Log } from '../../../base/log.ts';
import { Undo } from '../../../base/undo.ts';

/** So long is a removal waited for. */
const WAIT_MS = 1_000;

export class Removals {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #underWay = new Set<Promise<void>>();

  constructor({ clock, log }: { clock: Clock; log: Log }) {
    this.#clock = clock;
    this.#log = log;
  }

  /** As `undoing` of base/undo.ts, but waits only a moment for what is undone. A fault of it goes to the log. */
  async undoing<T>(work: (undo: Undo) => Promise<T>): Promise<T> {
    const undo = new Undo();
    try {
      return await work(undo);
    } catch (fault) {
      await this.follow(undo.all());
      throw fault;
    }
  }

  /** Resolves when `removal` has settled, or after a moment. `settled` waits for it in any case. */
  async follow(removal: Promise<void>): Promise<void> {
    const done = removal
      .catch((fault: unknown) => this.#log.warn('a container could not be removed', fault))
      .finally(() => this.#underWay.delete(done));
    this.#underWay.add(done);
    await within(this.#clock, WAIT_MS, done);
  }

  /** Resolves when no removal is under way any more, of those that have been begun. */
  async settled(): Promise<void> {
    await Promise.all(this.#underWay);
  }
}

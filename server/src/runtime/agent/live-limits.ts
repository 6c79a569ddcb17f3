/** The limits of a sandbox while it lives: they can be changed, and that of the processor is lifted while many programs die. */
import { type Clock, within } from '../../base/clock.ts';
import { Sequence } from '../../base/promises.ts';
import type { AdjustableLimits } from '../ports.ts';

export interface LiveLimitsParts<Limits extends AdjustableLimits> {
  readonly limits: Limits;
  /** How many processors the machine has. undefined: that is not known, and nothing is lifted. */
  readonly processors: number | undefined;
  readonly clock: Clock;
  /** Puts limits into force. */
  apply(limits: AdjustableLimits): Promise<void>;
  /** Called when a limit was lifted and can't be put back. */
  failed(fault: unknown): void;
}

/** What dies within this time dies without help. */
const LIFT_AFTER_MS = 10;

export class LiveLimits<Limits extends AdjustableLimits> {
  readonly #parts: LiveLimitsParts<Limits>;
  readonly #changes = new Sequence();
  #limits: Limits;
  #dying = 0;

  constructor(parts: LiveLimitsParts<Limits>) {
    this.#parts = parts;
    this.#limits = parts.limits;
  }

  /** Rejects where the limits can't be put into force; then those before still hold. */
  change(limits: Limits): Promise<void> {
    return this.#changes.run(async () => {
      await this.#parts.apply(limits);
      this.#limits = limits;
    });
  }

  /**
   * Resolves when `dying` has settled and the limits are in force. Killed processes need the processor in order to end, and
   * hundreds of them need more of it than their limit gives: so it is lifted for them.
   */
  async liftFor(dying: Promise<unknown>): Promise<void> {
    const { clock, processors = 0, failed } = this.#parts;
    if (processors <= this.#limits.cpus || (await within(clock, LIFT_AFTER_MS, dying))) return;
    this.#dying++;
    // Where it can't be lifted, they take longer.
    await this.#changes.run(() => this.#enforce()).catch(() => undefined);
    await dying.catch(() => undefined);
    this.#dying--;
    await this.#changes.run(() => this.#enforce()).catch(failed);
  }

  #enforce(): Promise<void> {
    const { apply, processors } = this.#parts;
    return apply(this.#dying > 0 && processors !== undefined ? { ...this.#limits, cpus: processors } : this.#limits);
  }
}

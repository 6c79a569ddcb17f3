/**
 * Decides which session's command may begin next. The number of commands that begin at the same time is bounded, so
 * that many commands wait here, in order, and not as runnable processes, behind which the daemon itself would have to
 * wait for a processor.
 */
import type { Clock } from '../base/clock.ts';

export interface TurnsOptions {
  /** How many commands may have a turn at the same time. */
  readonly atOnce: number;
  readonly clock: Clock;
}

/** A turn ends with its command, or after this time: a command that takes longer must not keep others waiting. */
export const TURN_MS = 20;

/** A command that prints much stands aside for those that have a turn, at most this long at a time. Most commands take less. */
const ASIDE_MS = 4;

type EndTurn = () => void;

/**
 * Turns are given in the order in which they are asked for. A session asks for its next turn when its last command has
 * begun, so a session with a hundred commands gets no more turns than one with a few.
 * Invariant: a command behind n others waits at most `TURN_MS` for every `atOnce` of them.
 */
export class Turns {
  readonly #options: TurnsOptions;
  /** The turns that have not ended, each with the time at which it ends by itself. They are in the order of these times. */
  readonly #given = new Map<object, number>();
  readonly #waiting: (() => void)[] = [];
  #cancel: (() => void) | undefined;
  /** Those that stand aside. */
  #aside: (() => void)[] = [];

  constructor(options: TurnsOptions) {
    this.#options = options;
  }

  /** Resolves when a command may begin. The caller must call the resulting function when the command has ended. */
  take(): Promise<EndTurn> {
    return new Promise((resolve) => {
      this.#waiting.push(() => resolve(this.#give()));
      this.#serve();
    });
  }

  #give(): EndTurn {
    const turn = {};
    this.#given.set(turn, this.#options.clock.monotonic() + TURN_MS);
    return () => {
      if (this.#given.delete(turn)) this.#serve();
      if (this.#aside.length > 0 && !this.#busy()) for (const goOn of this.#aside.splice(0)) goOn();
    };
  }

  /**
   * For a command whose own turn is over and that prints much: resolves when no command has a turn, and soon in any case.
   * What carries the output, from the program to the client, rests meanwhile. undefined: no command has a turn.
   */
  aside(): Promise<void> | undefined {
    if (!this.#busy()) return undefined;
    return new Promise((resolve) => {
      const cancel = this.#options.clock.after(ASIDE_MS, () => {
        this.#aside = this.#aside.filter((each) => each !== goOn);
        resolve();
      });
      const goOn = () => {
        cancel();
        resolve();
      };
      this.#aside.push(goOn);
    });
  }

  #busy(): boolean {
    const now = this.#options.clock.monotonic();
    for (const end of this.#given.values()) if (end > now) return true;
    return false;
  }

  #serve(): void {
    while (this.#waiting.length > 0 && this.#hasRoom()) this.#waiting.shift()?.();
    if (this.#waiting.length > 0) return this.#watch();
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #hasRoom(): boolean {
    if (this.#given.size < this.#options.atOnce) return true;
    const now = this.#options.clock.monotonic();
    for (const [turn, end] of this.#given) {
      if (end > now) break;
      this.#given.delete(turn);
    }
    return this.#given.size < this.#options.atOnce;
  }

  /** While commands wait, a timer runs for the turn that ends first. */
  #watch(): void {
    if (this.#cancel) return;
    const { clock } = this.#options;
    const [first = 0] = this.#given.values();
    this.#cancel = clock.after(first - clock.monotonic(), () => {
      this.#cancel = undefined;
      this.#serve();
    });
  }
}

/**
 * Whose command may begin. What begins at once in all sessions together is bounded: a crowd waits here, in order, and
 * not in the kernel's queue of processes that could run, where the daemon itself would have to wait behind it.
 */
import type { Clock } from '../base/clock.ts';

export interface TurnsOptions {
  /** Commands that may have a turn at once. */
  readonly atOnce: number;
  readonly clock: Clock;
}

/** What takes longer has begun for good, and keeps nobody waiting: a turn ends after this without its command. */
export const TURN_MS = 20;

type EndTurn = () => void;

/**
 * Turns are given in the order asked. A session asks for its next when its last command has begun, so one that has a
 * hundred commands comes as often as one that has a few.
 * Invariant: who is behind n others waits no longer than `TURN_MS` for every `atOnce` of them.
 */
export class Turns {
  readonly #options: TurnsOptions;
  /** When each turn ends without its command, in the order given, which is the order of those times. */
  readonly #given = new Map<object, number>();
  readonly #waiting: (() => void)[] = [];
  #cancel: (() => void) | undefined;

  constructor(options: TurnsOptions) {
    this.#options = options;
  }

  /** Resolves when a command may begin. The result is to be called when it is done; once is enough. */
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
    };
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

  /** A timer only while somebody waits: for the turn that ends first. */
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

/** How long a session may live: it ends when it has been idle for too long, and when it has reached its maximum lifetime. */
import type { Clock } from '../base/clock.ts';

interface Span {
  /** Milliseconds; 0: the session never ends for being idle. */
  readonly idleTimeoutMs: number;
  /** Milliseconds; 0: no maximum. */
  readonly maxLifetimeMs: number;
}

export interface LifespanOptions extends Span {
  readonly clock: Clock;
  /** Called when the time has come, at most once for each reason. */
  over(reason: 'idle' | 'lifetime'): void;
}

/** The last time that an ISO 8601 date can have in JavaScript: when a session expires that never expires. */
const LAST_DATE = 8_640_000_000_000_000;

/** A session is idle while no command runs in it. */
export class Lifespan {
  readonly #options: LifespanOptions;
  readonly #createdAt: Moment;
  #lastActiveAt: Moment;
  #active = 0;
  #ended = false;
  #cancelIdle: (() => void) | undefined;
  #cancelLifetime: (() => void) | undefined;
  #bounds: Span;

  constructor(options: LifespanOptions) {
    this.#options = options;
    const { clock, idleTimeoutMs, maxLifetimeMs } = options;
    this.#bounds = { idleTimeoutMs, maxLifetimeMs };
    this.#createdAt = this.#lastActiveAt = momentOf(clock);
    this.#watch();
  }

  get bounds(): Span {
    return this.#bounds;
  }

  /** From now on these hold, which are not longer than those before. Where one is over already, the session ends at once. */
  narrow({ idleTimeoutMs, maxLifetimeMs }: Span): void {
    if (this.#ended || (this.#bounds.idleTimeoutMs === idleTimeoutMs && this.#bounds.maxLifetimeMs === maxLifetimeMs)) return;
    this.#bounds = { idleTimeoutMs, maxLifetimeMs };
    this.#cancelIdle?.();
    this.#cancelLifetime?.();
    this.#watch();
  }

  /** A command begins. Returns whether none was running before. */
  enter(): boolean {
    this.#cancelIdle?.();
    return this.#active++ === 0;
  }

  /** A command has ended. Returns whether none is running any more. */
  leave(): boolean {
    this.#lastActiveAt = momentOf(this.#options.clock);
    if (--this.#active > 0) return false;
    this.#watchIdle();
    return true;
  }

  /** The session closes: no time matters any more. */
  end(): void {
    this.#ended = true;
    this.#cancelIdle?.();
    this.#cancelLifetime?.();
  }

  /**
   * As ISO 8601 in UTC. `expiresAt` is when the session would close if nothing more happened. Timers do not notice that the
   * clock is set, and stand still while the machine sleeps, so `expiresAt` moves then.
   */
  times(): { createdAt: string; lastActiveAt: string; expiresAt: string } {
    const { clock } = this.#options;
    const { idleTimeoutMs, maxLifetimeMs } = this.#bounds;
    const lastActiveAt = this.#active > 0 ? momentOf(clock) : this.#lastActiveAt;
    const end = (moment: Moment, ms: number) => (ms === 0 ? Infinity : moment.time + setSince(moment, clock) + ms);
    const expiresAt = Math.min(end(lastActiveAt, idleTimeoutMs), end(this.#createdAt, maxLifetimeMs), LAST_DATE);
    return { createdAt: iso(this.#createdAt.time), lastActiveAt: iso(lastActiveAt.time), expiresAt: iso(expiresAt) };
  }

  #watch(): void {
    const { clock, over } = this.#options;
    const { maxLifetimeMs } = this.#bounds;
    if (maxLifetimeMs > 0) this.#cancelLifetime = clock.after(this.#createdAt.monotonic + maxLifetimeMs - clock.monotonic(), () => over('lifetime'));
    this.#watchIdle();
  }

  #watchIdle(): void {
    const { clock, over } = this.#options;
    const { idleTimeoutMs } = this.#bounds;
    if (idleTimeoutMs > 0 && this.#active === 0 && !this.#ended) this.#cancelIdle = clock.after(this.#lastActiveAt.monotonic + idleTimeoutMs - clock.monotonic(), () => over('idle'));
  }
}

interface Moment {
  readonly time: number;
  readonly monotonic: number;
}

function momentOf(clock: Clock): Moment {
  return { time: clock.now(), monotonic: clock.monotonic() };
}

/** How far the clock was set since that moment, in milliseconds that make whole seconds: the two readings are not equally fine. */
function setSince({ time, monotonic }: Moment, clock: Clock): number {
  return Math.round((clock.now() - time - (clock.monotonic() - monotonic)) / 1000) * 1000;
}

function iso(time: number): string {
  return new Date(time).toISOString();
}

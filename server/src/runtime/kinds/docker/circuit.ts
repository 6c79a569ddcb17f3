/**
 * Spares those who wait for a sandbox an engine that does not answer: after some calls in a row without an answer, calls
 * that would make something fail at once. It is over with the first answer, to whatever call: the engine is probed in any case.
 */
import type { Clock } from '../../../base/clock.ts';
import type { ProtocolError } from '../../../protocol/index.ts';
import { unavailable, untakenBecause } from './faults.ts';

/** So many calls in a row have to be without an answer. */
export const FAILURES = 3;
/** Where nothing probes the engine, a call is let through after this time, and finds out. */
export const TRIAL_MS = 10_000;

export class Circuit {
  readonly #clock: Clock;
  #failures = 0;
  #last: ProtocolError | undefined;
  /** When the last call failed, or was let through, by the monotonic clock. */
  #triedAt = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @throws ProtocolError RuntimeUnavailable where the engine has not answered for some time */
  require(): void {
    if (this.#failures < FAILURES || !this.#last) return;
    const now = this.#clock.monotonic();
    if (now - this.#triedAt >= TRIAL_MS) {
      this.#triedAt = now;
      return;
    }
    const { reason, hint } = this.#last.data as { readonly reason?: string; readonly hint?: string };
    throw untakenBecause(unavailable(`${reason ?? this.#last.message} (${this.#failures} times in a row; it is used again as soon as it answers)`, hint ?? ''));
  }

  /** The engine has answered, be it with an error. */
  answered(): void {
    this.#failures = 0;
    this.#last = undefined;
  }

  /** A call has ended with this error. */
  failed(fault: ProtocolError): void {
    if (fault.data.status !== undefined) return this.answered();
    // The engine may be as well as ever: what failed is on this side.
    if (fault.kind !== 'RuntimeUnavailable') return;
    this.#failures++;
    this.#last = fault;
    this.#triedAt = this.#clock.monotonic();
  }
}

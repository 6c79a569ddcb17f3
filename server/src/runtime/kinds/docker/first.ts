/**
 * The streams of a container's first shell. The shell begins on the connection that the engine gives, which is its lease,
 * and may change over to named pipes. Then the connection carries nothing any more, but it is still the lease: when it is
 * closed, the container ends, and when the container ends, it is closed.
 */
import { type Clock, within } from '../../../base/clock.ts';
import type { Sink } from '../../ports.ts';
import type { Channel } from '../../shell/index.ts';

/** So long after the end of the lease the last output in the pipes is waited for. */
const LINGER_MS = 2_000;

export class FirstChannel implements Channel {
  readonly closed: Promise<void>;
  readonly #lease: Channel;
  readonly #pipes: Channel;
  readonly #clock: Clock;
  #input: Channel;

  constructor(lease: Channel, pipes: Channel, clock: Clock) {
    this.#lease = lease;
    this.#pipes = pipes;
    this.#clock = clock;
    this.#input = lease;
    this.closed = lease.closed.then(() => this.#leaseEnded());
  }

  /** From now on input goes into the pipes. Output is read from both ways all the time. */
  divert(): void {
    this.#input = this.#pipes;
    void this.#pipes.closed.then(() => this.#lease.destroy());
  }

  write(bytes: Buffer | string): Promise<void> {
    return this.#input.write(bytes);
  }

  end(): void {
    this.#input.end();
  }

  listen(sink: Sink): void {
    this.#lease.listen(sink);
    this.#pipes.listen(sink);
  }

  destroy(): void {
    this.#lease.destroy();
    this.#pipes.destroy();
  }

  async #leaseEnded(): Promise<void> {
    if (this.#input === this.#lease) return this.#pipes.destroy();
    // If the container goes on without its engine, the end of its stdin ends it.
    this.#pipes.end();
    if (!(await within(this.#clock, LINGER_MS, this.#pipes.closed))) this.#pipes.destroy();
    await this.#pipes.closed;
  }
}

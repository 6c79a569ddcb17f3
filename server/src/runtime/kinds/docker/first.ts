/**
 * The streams of a container's first shell. It begins on the engine's connection, which is its lease, and may change
 * over to named pipes; the connection then carries nothing and still tells of the container's end, and makes it.
 */
import { type Clock, within } from '../../../base/clock.ts';
import type { Sink } from '../../ports.ts';
import type { Channel } from '../../shell/index.ts';

/** What a shell without a lease still has to say is waited for so long. */
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

  /** Input goes into the pipes from here on. Output is heard from both, always. */
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
    // A container that runs on without its engine ends with this.
    this.#pipes.end();
    if (!(await within(this.#clock, LINGER_MS, this.#pipes.closed))) this.#pipes.destroy();
    await this.#pipes.closed;
  }
}

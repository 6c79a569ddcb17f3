/** Measures how late the event loop is, while somebody asks for it: a daemon that nobody watches does not wake up for this. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Clock } from '../base/clock.ts';
import type { LoopDelay } from './look.ts';

const RESOLUTION_MS = 20;
/** It is measured for so long after it was last asked for. */
const WATCH_MS = 5 * 60_000;
const NS_A_MS = 1e6;

export class LoopWatch {
  readonly #clock: Clock;
  readonly #histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  #cancel: (() => void) | undefined;
  #closed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Since it was last asked for; nothing, where that was never or long ago. Begins to measure, or goes on. */
  read(): LoopDelay {
    const histogram = this.#histogram;
    const late = (ns: number) => (histogram.count === 0 ? 0 : Math.max(0, ns / NS_A_MS - RESOLUTION_MS));
    const found = { p50: late(histogram.percentile(50)), p99: late(histogram.percentile(99)), max: late(histogram.max) };
    this.#stop();
    if (this.#closed) return found;
    histogram.enable();
    this.#cancel = this.#clock.after(WATCH_MS, () => this.#stop());
    return found;
  }

  /** From now on nothing is measured, also for a question that comes late. */
  close(): void {
    this.#closed = true;
    this.#stop();
  }

  #stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#histogram.disable();
    this.#histogram.reset();
  }
}

/** Percentages of an image pull: over all layers whose size is known so far. It never goes back. */
import type { PullEvent } from './engine.ts';

export class PullProgress {
  readonly #layers = new Map<string, { current: number; total: number }>();
  #percentage = 0;

  /** Returns the percentage when an event moved it. */
  add({ id, status, progressDetail }: PullEvent): number | undefined {
    if (!id) return undefined;
    const known = this.#layers.get(id);
    if (status === 'Downloading' && progressDetail?.total) {
      this.#layers.set(id, { current: progressDetail.current ?? 0, total: progressDetail.total });
    } else if (known && (status === 'Download complete' || status === 'Pull complete')) {
      known.current = known.total;
    } else return undefined;
    let current = 0;
    let total = 0;
    for (const layer of this.#layers.values()) {
      current += layer.current;
      total += layer.total;
    }
    const percentage = Math.min(99, Math.floor((100 * current) / total));
    if (percentage <= this.#percentage) return undefined;
    return (this.#percentage = percentage);
  }
}

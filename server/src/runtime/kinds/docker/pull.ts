/** The pull of an image: events, one JSON object a line, until the engine closes the stream. */
import type { Readable } from 'node:stream';
import type { Clock } from '../../../base/clock.ts';
import { lines } from './json-lines.ts';

export interface PullEvent {
  readonly id?: string;
  readonly status?: string;
  /** The registry's words: the pull has failed. */
  readonly error?: string;
  readonly progressDetail?: { readonly current?: number; readonly total?: number };
}

/** A pull that moves nothing for this long is given up. */
const PULL_STALL_MS = 60_000;

/** Resolves when the image is there. Destroys the stream in any case. */
export async function followPull(stream: Readable, clock: Clock, signal: AbortSignal, onEvent: (event: PullEvent) => void): Promise<void> {
  const aborted = () => stream.destroy(new Error('aborted'));
  let cancel = () => {};
  const watch = () => {
    cancel();
    cancel = clock.after(PULL_STALL_MS, () => stream.destroy(new Error('the registry sends nothing')));
  };
  signal.addEventListener('abort', aborted, { once: true });
  if (signal.aborted) aborted();
  watch();
  try {
    for await (const line of lines(stream)) {
      watch();
      const event = parse(line);
      if (event.error) throw new Error(event.error);
      onEvent(event);
    }
  } catch (fault) {
    throw signal.aborted ? signal.reason : fault;
  } finally {
    cancel();
    signal.removeEventListener('abort', aborted);
    stream.destroy();
  }
}

function parse(line: string): PullEvent {
  try {
    const event: unknown = JSON.parse(line);
    if (typeof event === 'object' && event !== null) return event;
  } catch {
    // Told below, like what is JSON and no object.
  }
  throw new Error('the engine sends something that is no progress');
}

/** Percentages over all layers whose size is known so far. They never go back. */
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

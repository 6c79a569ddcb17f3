/** Follows the pull of an image: the engine sends events, one JSON object in each line, and closes the stream at the end. */
import type { Readable } from 'node:stream';
import type { Clock } from '../../../base/clock.ts';
import { lines } from './json-lines.ts';

export interface PullEvent {
  readonly id?: string;
  readonly status?: string;
  /** If present, the pull has failed, and this is the registry's message. */
  readonly error?: string;
  readonly progressDetail?: { readonly current?: number; readonly total?: number };
}

/** A pull without any event for this long is given up. */
const PULL_STALL_MS = 60_000;

/** Resolves when the image has been pulled. Destroys the stream in any case. @throws Error with a message for people; the reason of `signal` */
export async function followPull(stream: Readable, clock: Clock, signal: AbortSignal, onEvent: (event: PullEvent) => void): Promise<void> {
  const aborted = () => stream.destroy(new Error('aborted'));
  let cancel = () => {};
  const watch = () => {
    cancel();
    cancel = clock.after(PULL_STALL_MS, () => stream.destroy(new Error(`the registry sent nothing for ${PULL_STALL_MS / 1000} s`)));
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
    // The error below is for this, too.
  }
  throw new Error('the engine sent a line that is not an event of a pull');
}

/** The percentage of a pull, over all layers whose size is known so far. It never goes down. */
export class PullProgress {
  readonly #layers = new Map<string, { current: number; total: number }>();
  #percentage = 0;

  /** Returns the new percentage. undefined: the event did not change it. */
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

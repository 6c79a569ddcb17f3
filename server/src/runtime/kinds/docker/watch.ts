/**
 * Watches the engine. While it runs, its stream of events is held open: an event says that images or its settings have
 * changed, and the end of the stream that the engine has ended. While it does not run, the folder of its socket is
 * watched, and connecting is tried again from time to time.
 */
import { type FSWatcher, watch } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { Readable } from 'node:stream';
import { type Clock, within } from '../../../base/clock.ts';
import { deferred } from '../../../base/promises.ts';

export interface WatchedEngine {
  /** undefined: it is not reached through a local socket. */
  readonly socketPath: string | undefined;
  /** The stream of its events. Rejects where the engine does not answer. */
  events(signal: AbortSignal): Promise<Readable>;
}

/** While there is no engine, connecting is tried again after FIRST_TRY_MS, then each time after twice as long, up to LAST_TRY_MS. */
const FIRST_TRY_MS = 5_000;
const LAST_TRY_MS = 60_000;
/** Events come many at a time: `changed` is called once for all that come within this time. */
const BURST_MS = 300;
/** A socket exists a moment before the engine listens on it. */
const APPEARING_MS = 100;

/** Calls `changed` whenever the engine has come, gone or changed. Resolves when `signal` aborts; never rejects. */
export async function watchEngine(engine: WatchedEngine, clock: Clock, signal: AbortSignal, changed: () => void): Promise<void> {
  let delay = FIRST_TRY_MS;
  while (!signal.aborted) {
    // The watch begins before connecting is tried, so that a socket that appears in between is noticed.
    const socket = new Appearance(engine.socketPath);
    const events = await engine.events(signal).catch(() => undefined);
    if (events) {
      socket.close();
      const began = clock.monotonic();
      // It may be another engine than before.
      changed();
      await follow(events, clock, signal, changed);
      if (!signal.aborted) changed();
      delay = FIRST_TRY_MS;
      if (clock.monotonic() - began >= FIRST_TRY_MS) continue;
      // An engine that ends the stream at once is treated like one that does not run.
      socket.open();
    }
    const appeared = await wait(delay, clock, signal, socket.seen);
    socket.close();
    delay = appeared ? FIRST_TRY_MS : Math.min(delay * 2, LAST_TRY_MS);
    if (appeared) await wait(APPEARING_MS, clock, signal);
  }
}

/** Calls `changed` for what comes in the stream. Resolves when the stream has ended in whatever way. */
async function follow(events: Readable, clock: Clock, signal: AbortSignal, changed: () => void): Promise<void> {
  const ended = deferred();
  const stop = () => void events.destroy();
  let cancel: (() => void) | undefined;
  events.on('data', () => {
    cancel ??= clock.after(BURST_MS, () => {
      cancel = undefined;
      changed();
    });
  });
  for (const end of ['end', 'close', 'error']) events.on(end, () => ended.resolve());
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  await ended.promise;
  cancel?.();
  signal.removeEventListener('abort', stop);
  events.destroy();
}

/**
 * Resolves after `ms` with false, or with true as soon as `event` resolves or `signal` aborts. No timer and no listener
 * is left then.
 */
async function wait(ms: number, clock: Clock, signal: AbortSignal, event?: Promise<void>): Promise<boolean> {
  const over = deferred();
  const stop = () => over.resolve();
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  void event?.then(stop);
  const early = await within(clock, ms, over.promise);
  signal.removeEventListener('abort', stop);
  return early;
}

/** Notices when a file appears, from `open` on. Where the folder of the file can't be watched, it never does. */
class Appearance {
  readonly #path: string | undefined;
  readonly #seen = deferred();
  #watcher: FSWatcher | undefined;

  constructor(path: string | undefined) {
    this.#path = path;
    this.open();
  }

  open(): void {
    const path = this.#path;
    if (path === undefined) return;
    try {
      this.#watcher = watch(dirname(path), { persistent: false }, (_event, name) => {
        if (name === null || name === basename(path)) this.#seen.resolve();
      });
      this.#watcher.on('error', () => this.close());
    } catch {
      // `seen` never resolves then.
    }
  }

  /** Resolves when the file has appeared. */
  get seen(): Promise<void> {
    return this.#seen.promise;
  }

  close(): void {
    this.#watcher?.close();
    this.#watcher = undefined;
  }
}

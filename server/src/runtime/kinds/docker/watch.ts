/**
 * Whether the engine comes or goes. While it is there its stream of events is held open: the end of that stream says
 * that it has gone, and what comes in it that images or its own settings have changed. While it is not there, the
 * folder of its socket is watched, and now and then somebody tries.
 */
import { type FSWatcher, watch } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { Readable } from 'node:stream';
import { type Clock, within } from '../../../base/clock.ts';
import { deferred } from '../../../base/promises.ts';

export interface WatchedEngine {
  /** Where it is a local socket. */
  readonly socketPath: string | undefined;
  /** Its events as they come. @throws where there is no engine */
  events(signal: AbortSignal): Promise<Readable>;
}

/** While there is no engine it is tried so long after, then twice as long, up to the last. */
const FIRST_TRY_MS = 5_000;
const LAST_TRY_MS = 60_000;
/** Events come in swarms: one look for all that come within this time. */
const SWARM_MS = 300;
/** A socket is there a moment before somebody listens on it. */
const APPEARING_MS = 100;

/** Resolves when `signal` aborts. Never rejects. */
export async function watchEngine(engine: WatchedEngine, clock: Clock, signal: AbortSignal, changed: () => void): Promise<void> {
  let delay = FIRST_TRY_MS;
  while (!signal.aborted) {
    // Watched before it is tried: what appears in between is not missed.
    const socket = new Appearance(engine.socketPath);
    const events = await engine.events(signal).catch(() => undefined);
    if (events) {
      socket.close();
      const began = clock.monotonic();
      // It may be another one than before.
      changed();
      await follow(events, clock, signal, changed);
      if (!signal.aborted) changed();
      delay = FIRST_TRY_MS;
      if (clock.monotonic() - began >= FIRST_TRY_MS) continue;
      // One that sends its clients away is treated like one that is not there.
      socket.open();
    }
    const appeared = await wait(delay, clock, signal, socket.seen);
    socket.close();
    delay = appeared ? FIRST_TRY_MS : Math.min(delay * 2, LAST_TRY_MS);
    if (appeared) await wait(APPEARING_MS, clock, signal);
  }
}

/** Resolves when the stream has ended, however. */
async function follow(events: Readable, clock: Clock, signal: AbortSignal, changed: () => void): Promise<void> {
  const ended = deferred();
  const stop = () => void events.destroy();
  let cancel: (() => void) | undefined;
  events.on('data', () => {
    cancel ??= clock.after(SWARM_MS, () => {
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

/** Waits for `ms`, and ends early where `event` resolves or `signal` aborts: resolves with whether it did. No timer and no listener is left. */
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

/** Of a file, from now on. Where its folder can't be watched, it is never seen: trying is all there is. */
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
      // Never seen.
    }
  }

  get seen(): Promise<void> {
    return this.#seen.promise;
  }

  close(): void {
    this.#watcher?.close();
    this.#watcher = undefined;
  }
}

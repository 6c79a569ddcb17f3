/** Holds an installation to the room that it may take: looks again and again, and says when there is too much. */
import { statfs } from 'node:fs/promises';
import type { Clock } from '../../base/clock.ts';
import type { Measured } from './measure.ts';

export interface BoundOptions {
  readonly path: string;
  readonly maxBytes: number;
  readonly maxFiles: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  measure(): Promise<Measured>;
  /** How many bytes are free where `path` is. */
  free?(): Promise<number>;
}

/** No disk is assumed to take more than this. */
const BYTES_PER_MS = 1024 * 1024;
const MIN_WAIT_MS = 20;
const MAX_WAIT_MS = 500;
/** Looking takes at most this part of the time. */
const SHARE = 1 / 3;

/** Resolves with why the installation must end, in words that complete "the packages …", or with undefined when `signal` aborts. */
export async function overflow({ path, maxBytes, maxFiles, clock, signal, measure, free = () => freeBytes(path) }: BoundOptions): Promise<string | undefined> {
  const before = await free();
  while (!signal.aborted) {
    const begin = clock.monotonic();
    const { bytes, files, hidden } = await measure();
    if (bytes > maxBytes) return `need more than the ${maxBytes} bytes of limits.packageBytes`;
    if (files > maxFiles) return `have more than ${maxFiles} files`;
    if (hidden) return 'hide what they are made of: a folder can\'t be read';
    // What is written into files that have been removed takes room and is in no folder. Others may write meanwhile, too.
    if (before - (await free()) > 2 * maxBytes + bytes) return 'use more room than they show, in files that they have removed';
    const took = clock.monotonic() - begin;
    const wait = Math.min(MAX_WAIT_MS, Math.max(MIN_WAIT_MS, (maxBytes - bytes) / BYTES_PER_MS));
    await pause(clock, Math.max(wait, took / SHARE - took), signal);
  }
  return undefined;
}

/** Resolves after `ms`, or when `signal` aborts. */
function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      cancel();
      signal.removeEventListener('abort', end);
      resolve();
    };
    const cancel = clock.after(ms, end);
    signal.addEventListener('abort', end, { once: true });
    if (signal.aborted) end();
  });
}

async function freeBytes(path: string): Promise<number> {
  const { bsize, bavail } = await statfs(path);
  return bsize * bavail;
}

/**
 * Output on its way is garbage a moment later, and V8 lets garbage grow while memory seems plenty. What the daemon
 * takes is bounded, so it collects by itself once so much has gone out.
 */
import type { Writable } from 'node:stream';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Output on its way makes short-lived strings. Kept small, the young generation is collected before they fill memory. */
const SMALL_YOUNG_GENERATION = '--semi-space-growth-factor=1';

/** A drain is the end of one write that filled the buffer: 16 KiB or more. */
const DRAINS = 512;

export function relieve(output: Writable): void {
  setFlagsFromString(SMALL_YOUNG_GENERATION);
  let drains = 0;
  let collect: (() => void) | undefined;
  output.on('drain', () => {
    if (++drains % DRAINS !== 0) return;
    collect ??= collector();
    setImmediate(collect);
  });
}

function collector(): () => void {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
}

/**
 * Keeps the memory of a daemon small while much output goes through it. Output becomes garbage as soon as it has been
 * sent, and V8 lets garbage grow while there is memory. So the garbage is collected after a certain amount of output.
 */
import type { Writable } from 'node:stream';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Output produces short-lived strings. A small young generation is collected before they fill the memory. */
const SMALL_YOUNG_GENERATION = '--semi-space-growth-factor=1';

/** How many `drain` events there are between two collections. Each of them follows a write of 16 KiB or more. */
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

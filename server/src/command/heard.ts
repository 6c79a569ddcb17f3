/** How long it takes until something of a program is heard. */
import type { Clock } from '../base/clock.ts';

/** Returns a function whose first call passes the time since `begin` to `tell`. Further calls do nothing. */
export function once(tell: (ms: number) => void, clock: Clock, begin: number): () => void {
  let told = false;
  return () => {
    if (told) return;
    told = true;
    tell(clock.monotonic() - begin);
  };
}

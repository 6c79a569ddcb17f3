/** Why debugging ended, in words for people. */
import type { Limits, Outcome } from '../protocol/index.ts';

export interface End {
  readonly outcome: Outcome;
  readonly signal: string | null;
  /** The quota that was used up; undefined: none. */
  readonly quota: string | undefined;
}

/** What may have ended it. */
export interface Bounds {
  readonly limits: Pick<Limits, 'memoryBytes' | 'outputBytes'>;
  /** The time limit of the program, in milliseconds. */
  readonly timeoutMs: number;
  /** What the outcome is that of. */
  readonly ran: 'the program' | 'the debugger';
}

/** Why a program was ended that has not ended by itself. undefined: it has, or nobody knows why. */
export function whyEnded({ outcome, signal, quota }: End, { limits, timeoutMs, ran }: Bounds): string | undefined {
  if (quota !== undefined) return `the program was ended because it used up the quota ${quota} of the configuration`;
  switch (outcome) {
    case 'timedOut':
      return `the program was ended because it ran longer than its limit of ${inLargest(timeoutMs, times)} (limits.timeoutMs)`;
    case 'memoryLimit':
      return `the program was ended because it used more memory than its limit of ${inLargest(limits.memoryBytes, sizes)} (limits.memoryBytes)`;
    case 'outputLimit':
      return `the program was ended because it printed more than its limit of ${inLargest(limits.outputBytes, sizes)} (limits.outputBytes)`;
    case 'sandboxLost':
      return 'the sandbox was lost while the program ran';
    case 'signaled':
      return `${ran} was ended by ${signal ?? 'a signal'}`;
    case 'exited':
    case 'cancelled':
      return undefined;
  }
}

type Units = readonly (readonly [name: string, of: number])[];
const times: Units = [['h', 3_600_000], ['min', 60_000], ['s', 1000], ['ms', 1]];
const sizes: Units = [['GiB', 1024 ** 3], ['MiB', 1024 ** 2], ['KiB', 1024], ['bytes', 1]];

/** In the largest unit that leaves no fraction. */
function inLargest(value: number, units: Units): string {
  const [name, of] = units.find(([, each]) => value >= each && value % each === 0) ?? ['', 1];
  return `${value / of} ${name}`.trimEnd();
}

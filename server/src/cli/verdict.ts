/** Why a program of `codebeaker run` was stopped, in words for people. */
import type { Execution, Limits } from '../protocol/index.ts';
import { optionsOfLimits as names } from './limit-names.ts';
import { inTime, sizeTold } from './quantities.ts';

/** Of these ends people know without being told, as in a shell. */
const UNTOLD: ReadonlySet<string> = new Set(['SIGHUP', 'SIGINT', 'SIGPIPE', 'SIGTERM']);

/** undefined: there is nothing to say. */
export function wordsForEnd(limits: Limits, { outcome, signal, quota }: Pick<Execution, 'outcome' | 'signal' | 'quota'>): string | undefined {
  const spent = quota === undefined ? undefined : `stopped: it used up the quota ${quota} of the configuration; codebeaker usage shows it`;
  switch (outcome) {
    case 'exited':
      return undefined;
    case 'signaled':
      return signal !== null && !UNTOLD.has(signal) ? `the program was ended by ${signal}` : undefined;
    case 'cancelled':
      return 'stopped: its session reached its maximum lifetime (sessions.maxLifetimeMs)';
    case 'timedOut':
      return spent ?? `stopped: it ran longer than ${inTime(limits.timeoutMs)} (${names.timeoutMs})`;
    case 'memoryLimit':
      return `stopped: it used more memory than ${sizeTold(limits.memoryBytes)} (${names.memoryBytes})`;
    case 'outputLimit':
      return spent ?? `stopped: it printed more than ${sizeTold(limits.outputBytes)} (${names.outputBytes})`;
    case 'sandboxLost':
      return 'the sandbox was lost while it ran';
  }
}

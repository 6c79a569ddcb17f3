/** What a command is told of quotas. */
import type { Sandbox } from '../runtime/ports.ts';
import type { CpuMeter } from './cpu-meter.ts';

/** The quotas to which a command counts, besides its own limits. */
export interface CommandQuota {
  /** Counts output, and returns how much of `bytes` may still pass. */
  takeOutput(bytes: number): number;
  /** The processor time in milliseconds that is left for commands that have not ended. Infinity: there is no such quota. */
  restOfCpu(): number;
  /** Finds what the exits of programs do not tell of the processor time. undefined: there is no such quota, or nothing can be found. */
  meter(sandbox: Sandbox): CpuMeter | undefined;
  /** The name of the quota of this that is used up. */
  spent(name: 'outputBytes' | 'cpuSeconds'): string | undefined;
}

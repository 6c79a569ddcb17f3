/** How the command line calls the limits of a session: by its options, or by the members of `launch` of `codebeaker dap`. And how their values are written there. */
import type { Limits } from '../protocol/index.ts';
import { inTime, inUnits } from './quantities.ts';

export type LimitNames = Readonly<Record<keyof Limits, string>>;

export const optionsOfLimits: LimitNames = {
  memoryBytes: '--memory', diskBytes: '--disk', outputBytes: '--output-limit', cpus: '--cpus', pids: '--pids', packageBytes: '--package-limit', timeoutMs: '--timeout',
};

export const membersOfLimits = Object.fromEntries(Object.keys(optionsOfLimits).map((name) => [name, `limits.${name}`])) as LimitNames;

/** As it can be typed after an option. */
export const typedLimit: Readonly<Record<keyof Limits, (value: number) => string>> = {
  memoryBytes: inUnits, diskBytes: inUnits, outputBytes: inUnits, packageBytes: inUnits, cpus: String, pids: String, timeoutMs: (ms) => `${ms}ms`,
};

/** As it is written as a member, which is a number, and what that is. */
export const writtenLimit: Readonly<Record<keyof Limits, (value: number) => string>> = {
  memoryBytes: bytes, diskBytes: bytes, outputBytes: bytes, packageBytes: bytes, cpus: String, pids: String, timeoutMs: (ms) => `${ms} (${inTime(ms)})`,
};

function bytes(value: number): string {
  const told = inUnits(value);
  return told === `${value}` ? told : `${value} (${told})`;
}

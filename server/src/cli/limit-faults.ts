/** Says in the words of the command line that a limit is above the maximum of the configuration. */
import { ResponseError } from 'vscode-jsonrpc/node';
import type { Limits } from '../protocol/index.ts';
import { inUnits } from './quantities.ts';

const spellings: Readonly<Record<keyof Limits, readonly [option: string, spell: (value: number) => string]>> = {
  memoryBytes: ['--memory', inUnits],
  diskBytes: ['--disk', inUnits],
  outputBytes: ['--output-limit', inUnits],
  cpus: ['--cpus', String],
  pids: ['--pids', String],
  packageBytes: ['--package-limit', inUnits],
  timeoutMs: ['--timeout', (ms) => `${ms}ms`],
};

/** The fault itself, if it is not about a limit. */
export function inOptions(fault: unknown): unknown {
  const { rule = '', maximum } = fault instanceof ResponseError ? ((fault as ResponseError<{ rule?: string; maximum?: number } | undefined>).data ?? {}) : {};
  const [, name = ''] = /^maxLimits\.(.*)$/.exec(rule) ?? [];
  if (maximum === undefined || !Object.hasOwn(spellings, name)) return fault;
  const [option, spell] = spellings[name as keyof Limits];
  return new ResponseError((fault as ResponseError<unknown>).code, `${option} may be at most ${spell(maximum)} here; ${rule} in the configuration file allows no more`, (fault as ResponseError<unknown>).data);
}

/** Says in the words of the command line why a session is refused what the line asks for: a limit is above the maximum of the configuration, or a secret can't be had. */
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

interface FaultData {
  readonly rule?: string;
  readonly maximum?: number;
  readonly issues?: readonly { readonly path: string; readonly message: string }[];
}

/** The fault itself, if it is about neither. */
export function inOptions(fault: unknown): unknown {
  const { rule = '', maximum, issues = [] } = fault instanceof ResponseError ? ((fault as ResponseError<FaultData | undefined>).data ?? {}) : {};
  const secret = issues.find(({ path }) => path.startsWith('secretNames'));
  if (secret) return new ResponseError((fault as ResponseError<unknown>).code, `--secret: ${secret.message}`, (fault as ResponseError<unknown>).data);
  const [, name = ''] = /^maxLimits\.(.*)$/.exec(rule) ?? [];
  if (maximum === undefined || !Object.hasOwn(spellings, name)) return fault;
  const [option, spell] = spellings[name as keyof Limits];
  return new ResponseError((fault as ResponseError<unknown>).code, `${option} may be at most ${spell(maximum)} here; ${rule} in the configuration file allows no more`, (fault as ResponseError<unknown>).data);
}

/** Says in the words of the command line why a session is refused what was asked for: a limit is above a maximum, or a secret can't be had. */
import { ResponseError } from 'vscode-jsonrpc/node';
import type { Limits } from '../protocol/index.ts';
import { type LimitNames, optionsOfLimits, typedLimit } from './limit-names.ts';

export interface FaultData {
  readonly kind?: string;
  readonly rule?: string;
  readonly maximum?: number;
  /** What says it, as messages call it. Absent: the configuration file does. */
  readonly file?: string;
  readonly issues?: readonly { readonly path: string; readonly message: string }[];
}

/** `fault` with other words. */
export function reworded(fault: ResponseError<unknown>, words: string): ResponseError<unknown> {
  return new ResponseError(fault.code, words, fault.data);
}

export function dataOf(fault: unknown): FaultData {
  return fault instanceof ResponseError ? ((fault as ResponseError<FaultData | undefined>).data ?? {}) : {};
}

/** That a limit is above its maximum. undefined: the fault is another one. `names`, `spell`: how limits and their values are written there. */
export function aboveMaximum(fault: unknown, names: LimitNames, spell: typeof typedLimit): string | undefined {
  const { rule = '', maximum, file = 'the configuration file' } = dataOf(fault);
  const [, name = ''] = /^maxLimits\.(.*)$/.exec(rule) ?? [];
  if (maximum === undefined || !Object.hasOwn(names, name)) return undefined;
  const limit = name as keyof Limits;
  return `${names[limit]} may be at most ${spell[limit](maximum)} here; ${rule} in ${file} allows no more`;
}

/** In the words of the options of `codebeaker run`. The fault itself, if it is about neither. */
export function inOptions(fault: unknown): unknown {
  if (!(fault instanceof ResponseError)) return fault;
  const secret = dataOf(fault).issues?.find(({ path }) => path.startsWith('secretNames'));
  const words = secret ? `--secret: ${secret.message}` : aboveMaximum(fault, optionsOfLimits, typedLimit);
  return words === undefined ? fault : reworded(fault, words);
}

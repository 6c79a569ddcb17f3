/** Whether the history is kept, how much of it, and what of the code. Only the configuration file says so. */
import type { Config, HistoryConfig } from '../protocol/index.ts';
import { keepsHistory } from './defaults.ts';

export interface HistoryPolicy {
  readonly enabled: boolean;
  readonly keepDays: number;
  readonly maxEntries: number;
  readonly maxBytes: number;
  /** What is kept of code and command lines: the digest, or the text as well. */
  readonly code: NonNullable<HistoryConfig['code']>;
}

const MiB = 2 ** 20;

export function historyPolicy({ history = {} }: Config): HistoryPolicy {
  return {
    enabled: keepsHistory({ history }),
    keepDays: history.keepDays ?? 90,
    maxEntries: history.maxEntries ?? 10_000,
    maxBytes: history.maxBytes ?? 32 * MiB,
    code: history.code ?? 'hash',
  };
}

/** A quota that is never used up. */
import type { CommandQuota } from '../../server/src/command/running-command.ts';

export const endless = (): CommandQuota => ({ takeOutput: (bytes) => bytes, restOfCpu: () => Infinity, spent: () => undefined });

/** A quota that is never used up. */
import type { CommandQuota } from '../../server/src/command/quota.ts';

export const endless = (): CommandQuota => ({ takeOutput: (bytes) => bytes, restOfCpu: () => Infinity, meter: () => undefined, spent: () => undefined });

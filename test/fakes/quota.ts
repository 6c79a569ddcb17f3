/** A quota that is never used up. */
import type { OutputQuota } from '../../server/src/command/running-command.ts';

export const endless = (): OutputQuota => ({ take: (bytes) => bytes, spent: () => undefined });

/** A disk of this machine that is full while packages are installed: how that is noticed, and what is told of it. */
import { ProtocolError } from '../protocol/index.ts';
import { errorCode } from '../runtime/machine/faults.ts';
import { SHELF } from '../runtime/packages.ts';

/** By this a program of an installation says that it could not write. Everything that managers write is in the folder of the installation. */
export const NO_ROOM = /no space left on device|\bENOSPC\b|disk quota exceeded|\bEDQUOT\b/i;

/** `what` could not be done. `hint` is one more sentence, `data` what else the client is told. */
export function fullDisk(what: string, hint = '', data: Record<string, unknown> = {}): ProtocolError {
  const words = `${what}: no room is left on the disk of this machine that has the cache of packages, the folder codebeaker/packages in $XDG_CACHE_HOME or ~/.cache. Nothing was changed. Make room on that disk; \`codebeaker cache prune\` removes the packages that no session uses.`;
  return new ProtocolError('DiskFull', hint ? `${words} ${hint}` : words, data);
}

/** The same in these words, where it is the fault of a full disk; any other fault as it is. */
export function inWords(fault: unknown): unknown {
  const inside = fault instanceof ProtocolError && fault.kind === 'DiskFull' && String(fault.data.path).startsWith(`${SHELF}/`);
  return inside || ['ENOSPC', 'EDQUOT'].includes(errorCode(fault)) ? fullDisk('the packages could not be installed') : fault;
}

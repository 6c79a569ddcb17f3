/** A small JSON file that several daemons may read and replace at the same time. It is whole, or it is not there. */
import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { userInfo } from 'node:os';

/** What is larger is none of ours. */
const MAX_FILE_BYTES = 1024 * 1024;
const WRITABLE_BY_OTHERS = 0o022;

/** undefined: not there, or not to be trusted. Waits for the disk: the start has nothing else to do. */
export function readState(path: string): unknown {
  try {
    const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | (constants.O_NOFOLLOW ?? 0));
    try {
      const status = fstatSync(file);
      const { uid } = userInfo();
      const ours = uid < 0 || (status.uid === uid && (status.mode & WRITABLE_BY_OTHERS) === 0);
      if (!status.isFile() || status.size > MAX_FILE_BYTES || !ours) return undefined;
      return JSON.parse(readFileSync(file, 'utf8')) as unknown;
    } finally {
      closeSync(file);
    }
  } catch {
    return undefined;
  }
}

/** Reads the state file: a small JSON file that several daemons may read and replace at the same time (write.ts). */
import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';

/** No daemon writes a larger file. */
const MAX_FILE_BYTES = 1024 * 1024;
const WRITABLE_BY_OTHERS = 0o022;

/**
 * Returns undefined if the file does not exist, cannot be read, or cannot be trusted: it belongs to another user, or
 * others may write to it. `uid` is -1 if the operating system has no user ids. Synchronous, because the start needs the content before it can do anything else.
 */
export function readState(path: string, uid: number): unknown {
  try {
    const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | (constants.O_NOFOLLOW ?? 0));
    try {
      const status = fstatSync(file);
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

/** Reads a small file that nobody else may be able to read, such as one with a secret. */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';

const OF_OTHERS = 0o077;

/**
 * The text of a file of at most `maxBytes` that belongs to `uid` (negative: this system has no users). The file that is
 * looked at is the one that is read, and a pipe that nobody writes to is not waited for.
 * @throws Error the system's if it can't be opened or read; otherwise with a message that says what is wrong with it, and not
 * where it is
 */
export function readPrivateFile(path: string, uid: number, maxBytes: number): string {
  const descriptor = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    const found = fstatSync(descriptor);
    if (!found.isFile()) throw new Error('it is not a regular file');
    if (uid >= 0 && found.uid !== uid) throw new Error('it belongs to another user');
    if (uid >= 0 && (found.mode & OF_OTHERS) !== 0) throw new Error('others can read or change it: chmod 600');
    const bytes = Buffer.alloc(maxBytes + 1);
    const size = readSync(descriptor, bytes);
    if (size > maxBytes) throw new Error(`it is longer than ${maxBytes} bytes`);
    return bytes.toString('utf8', 0, size);
  } finally {
    closeSync(descriptor);
  }
}

/** Checks and normalises the paths in params, so that runtimes get only clean POSIX paths under /workspace or /tmp. */
import { posix } from 'node:path';
import { ProtocolError } from '../protocol/index.ts';

const roots = ['/workspace', '/tmp'];
/** PATH_MAX of Linux, without the terminating NUL. */
const MAX_PATH_BYTES = 4095;

/**
 * Returns the absolute path, without `.` and `..`, and without repeated or trailing slashes.
 * @throws ProtocolError InvalidPath
 */
export function resolvePath(path: string): string {
  if (path === '') throw invalid(path, 'is empty');
  if (Buffer.byteLength(path) > MAX_PATH_BYTES) throw invalid(`${path.slice(0, 50)}…`, `is longer than ${MAX_PATH_BYTES} bytes`);
  if (path.includes('\0')) throw invalid(path, 'contains NUL');
  const clean = posix.resolve('/workspace', path);
  if (!roots.some((root) => clean === root || clean.startsWith(`${root}/`))) {
    throw invalid(path, 'is outside the sandbox’s folders: use a path relative to /workspace, or an absolute path under /workspace or /tmp');
  }
  return clean;
}

/** As `resolvePath`, but /workspace and /tmp themselves are refused too. */
export function resolveEntry(path: string): string {
  const clean = resolvePath(path);
  if (roots.includes(clean)) throw invalid(path, 'is /workspace or /tmp itself: name something inside it');
  return clean;
}

function invalid(path: string, why: string): ProtocolError {
  return new ProtocolError('InvalidPath', `the path ${JSON.stringify(path)} ${why}`, { path });
}

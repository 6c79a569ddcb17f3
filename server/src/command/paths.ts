/** Paths that clients name: POSIX, below /workspace or /tmp, and clean before any runtime sees them. */
import { posix } from 'node:path';
import { ProtocolError } from '../protocol/index.ts';

const roots = ['/workspace', '/tmp'];
/** PATH_MAX, with its terminating NUL. */
const MAX_PATH_BYTES = 4095;

/**
 * The absolute path without `.`, `..`, doubled or trailing slashes.
 * @throws ProtocolError InvalidPath
 */
export function resolvePath(path: string): string {
  if (path === '') throw invalid(path, 'is empty');
  if (Buffer.byteLength(path) > MAX_PATH_BYTES) throw invalid(`${path.slice(0, 50)}…`, `is longer than ${MAX_PATH_BYTES} bytes`);
  if (path.includes('\0')) throw invalid(path, 'holds NUL');
  const clean = posix.resolve('/workspace', path);
  if (!roots.some((root) => clean === root || clean.startsWith(`${root}/`))) {
    throw invalid(path, 'is outside: use a path relative to /workspace, or below /workspace or /tmp');
  }
  return clean;
}

/** The same, for what must not be /workspace or /tmp themselves. */
export function resolveEntry(path: string): string {
  const clean = resolvePath(path);
  if (roots.includes(clean)) throw invalid(path, 'is a root of the sandbox itself');
  return clean;
}

function invalid(path: string, why: string): ProtocolError {
  return new ProtocolError('InvalidPath', `the path ${JSON.stringify(path)} ${why}`, { path });
}

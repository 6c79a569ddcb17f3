/** Paths for the files that the daemon itself puts into a sandbox. Each is random, so that nothing of anybody's is there. */
import { randomBytes } from 'node:crypto';
import { posix } from 'node:path';
import type { Toolchain } from './ports.ts';

/** For source code that is given as text. The file lies in the working directory, beside the files that it may import. */
export function sourcePath(cwd: string, { extension }: Pick<Toolchain, 'extension'>): string {
  return posix.join(cwd, `main-${randomBytes(4).toString('hex')}${extension}`);
}

/** For a folder of temporary files. */
export function scratchFolder(): string {
  return `/tmp/.codebeaker-${randomBytes(4).toString('hex')}`;
}

/** Names in a sandbox for what is ours and not the program's. They are unlike any other, and nothing is there yet. */
import { randomBytes } from 'node:crypto';
import { posix } from 'node:path';
import type { Toolchain } from './ports.ts';

/** For source code that is given as text: beside the files that it may import. */
export function sourcePath(cwd: string, { extension }: Pick<Toolchain, 'extension'>): string {
  return posix.join(cwd, `main-${randomBytes(4).toString('hex')}${extension}`);
}

/** For a folder; absolute. */
export function scratchFolder(): string {
  return `/tmp/.codebeaker-${randomBytes(4).toString('hex')}`;
}

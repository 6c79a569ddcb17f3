/** Where Deno is, and which one will do. */
import { arch, platform } from 'node:os';
import { findPackaged } from '../../machine/packaged.ts';

/** Older ones have had holes in their permissions. */
export const minimumVersion = [2, 8] as const;

/** The native program of the npm package `deno`, without its launcher in JavaScript; else one on PATH. */
export function findDeno(searchPath: string | undefined): Promise<string | undefined> {
  const native = `@deno/${platform()}-${arch()}${platform() === 'linux' ? '-glibc' : ''}`;
  return findPackaged({ name: 'deno', files: [{ package: native, through: 'deno', file: 'deno' }] }, searchPath);
}

export function isRecent(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > minimumVersion[0] || (major === minimumVersion[0] && minor >= minimumVersion[1]);
}

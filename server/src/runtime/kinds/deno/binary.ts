/** Finds the Deno of this host, and says which versions will do. */
import { arch, platform } from 'node:os';
import { findPackaged } from '../../machine/packaged.ts';
import { isAtLeast, type Version } from '../../versions.ts';

/** The permissions of older versions have known holes. */
export const minimumVersion: Version = [2, 8];

/** The path of the program in the npm package `deno` (not of the package's launcher, which is JavaScript), else of one on PATH. */
export function findDeno(searchPath: string | undefined): Promise<string | undefined> {
  const native = `@deno/${platform()}-${arch()}${platform() === 'linux' ? '-glibc' : ''}`;
  return findPackaged({ name: 'deno', files: [{ package: native, through: 'deno', file: 'deno' }] }, searchPath);
}

export function isRecent(version: string): boolean {
  return isAtLeast(version, minimumVersion);
}

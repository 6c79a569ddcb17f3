/** Where Deno is, and which one will do. */
import { arch, platform } from 'node:os';
import { findPackaged } from '../../machine/packaged.ts';
import { isAtLeast, type Version } from '../../versions.ts';

/** Older ones have had holes in their permissions. */
export const minimumVersion: Version = [2, 8];

/** The native program of the npm package `deno`, without its launcher in JavaScript; else one on PATH. */
export function findDeno(searchPath: string | undefined): Promise<string | undefined> {
  const native = `@deno/${platform()}-${arch()}${platform() === 'linux' ? '-glibc' : ''}`;
  return findPackaged({ name: 'deno', files: [{ package: native, through: 'deno', file: 'deno' }] }, searchPath);
}

export function isRecent(version: string): boolean {
  return isAtLeast(version, minimumVersion);
}

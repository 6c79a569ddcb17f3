/** Where Deno is: the one that was installed with us, else one on PATH. */
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { arch, platform } from 'node:os';
import { delimiter, dirname, isAbsolute, join } from 'node:path';

/** Older ones have had holes in their permissions. */
export const minimumVersion = [2, 8] as const;

export async function findDeno(searchPath: string | undefined): Promise<string | undefined> {
  const onPath = (searchPath ?? '').split(delimiter).filter(isAbsolute).map((folder) => join(folder, 'deno'));
  for (const path of [installed(), ...onPath]) {
    if (path !== undefined && (await isExecutable(path))) return path;
  }
  return undefined;
}

/** The native program of the npm package `deno`, without its launcher in JavaScript. */
function installed(): string | undefined {
  const library = platform() === 'linux' ? '-glibc' : '';
  try {
    const packageFile = createRequire(import.meta.url).resolve('deno/package.json');
    const native = createRequire(packageFile).resolve(`@deno/${platform()}-${arch()}${library}/package.json`);
    return join(dirname(native), 'deno');
  } catch {
    return undefined;
  }
}

export function isRecent(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > minimumVersion[0] || (major === minimumVersion[0] && minor >= minimumVersion[1]);
}

function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(() => true, () => false);
}

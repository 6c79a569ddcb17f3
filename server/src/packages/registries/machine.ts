/** Reads the files of this machine in which package managers are set up. */
import { constants } from 'node:fs';
import { access, open, realpath } from 'node:fs/promises';
import { delimiter, isAbsolute, join } from 'node:path';
import type { Machine } from './registry.ts';

/** No file of settings or certificates is larger. */
const MAX_BYTES = 8 * 1024 * 1024;

export function machineOf({ env, home, platform }: Pick<Machine, 'env' | 'home' | 'platform'>): Machine {
  return { env, home, platform, read: readText, find: (program) => find(program, env.PATH ?? '') };
}

async function readText(path: string): Promise<string | undefined> {
  // A pipe that nobody writes to must not be waited for.
  const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)).catch(() => undefined);
  if (!file) return undefined;
  try {
    const status = await file.stat();
    return status.isFile() && status.size <= MAX_BYTES ? await file.readFile('utf8') : undefined;
  } catch {
    return undefined;
  } finally {
    await file.close();
  }
}

async function find(program: string, path: string): Promise<string | undefined> {
  for (const folder of path.split(delimiter).filter((each) => isAbsolute(each))) {
    const found = join(folder, program);
    try {
      await access(found, constants.X_OK);
      return await realpath(found);
    } catch {
      // The next folder may have it.
    }
  }
  return undefined;
}

/** Checks the daemon's own folders: whether they are there, can be written, and have room. */
import { access, constants, stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Check } from './runtimes.ts';

export interface OwnFolder {
  readonly name: 'state' | 'packages' | 'daemon';
  readonly path: string;
}

/** With less room than this, results can't be kept and packages can't be installed. */
const MIN_FREE_BYTES = 64 * 1024 * 1024;
const MIB = 1024 * 1024;

const words: Readonly<Record<OwnFolder['name'], { readonly is: string; readonly again: string }>> = {
  state: { is: 'the folder in which the daemon keeps its state', again: 'it is made again when there is something to keep' },
  packages: { is: 'the folder of installed packages', again: 'it is made again by the next installation' },
  daemon: { is: 'the folder of this daemon for its sandboxes', again: 'it is made again for the next session' },
};

/** A folder that was never there is made when it is needed; one that was there and is gone was deleted. */
export class FolderChecks {
  readonly #seen = new Set<string>();

  /** Never rejects. */
  async check({ name, path }: OwnFolder): Promise<Check> {
    const check = (fault: string | undefined, detail?: string): Check => ({ name: `folder.${name}`, status: fault === undefined ? 'ok' : 'degraded', ...(fault ?? detail ? { detail: fault ?? detail } : {}) });
    const { is, again } = words[name];
    try {
      if (!(await stat(path)).isDirectory()) return check(`${is} is no folder`);
      this.#seen.add(path);
      await access(path, constants.W_OK | constants.X_OK);
      return full(await freeBytes(path), check, is);
    } catch (fault) {
      const { code } = fault as { code?: string };
      if (code !== 'ENOENT') return check(`${is} can't be used (${code ?? 'unknown error'})`);
      if (this.#seen.has(path)) return check(`${is} was deleted; ${again}`);
      return full(await freeBytes(path).catch(() => Infinity), check, is);
    }
  }
}

function full(free: number, check: (fault: string | undefined, detail?: string) => Check, is: string): Check {
  if (free < MIN_FREE_BYTES) return check(`${is} is on a disk with ${Math.floor(free / MIB)} MiB of free room: free some there`);
  return check(undefined, free === Infinity ? undefined : `${Math.floor(free / MIB)} MiB free`);
}

/** Of the disk of the folder, or of the nearest one above it that is there. */
async function freeBytes(path: string): Promise<number> {
  try {
    const { bavail, bsize } = await statfs(path);
    return bavail * bsize;
  } catch (fault) {
    const above = dirname(path);
    if (above === path || (fault as { code?: string }).code !== 'ENOENT') throw fault;
    return freeBytes(above);
  }
}

/** What debugs the programs of Deno in its sandboxes. Sandboxes see it where no program can change it. */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { Keeper } from '../../machine/keeper.ts';
import { put } from './put.ts';

/** In the built daemon, and where the build puts it as seen from the sources. */
const places = ['../debug/node-bridge.cjs', '../../../../dist/debug/node-bridge.cjs'];

/** Resolves with the path of a copy of it. undefined: it is missing from this installation. */
export async function furnishBridge(keeper: Pick<Keeper, 'furnish'>): Promise<string | undefined> {
  const file = found();
  return file === undefined ? undefined : keeper.furnish('bridge.cjs', async (path) => put(path, await readFile(file)));
}

function found(): string | undefined {
  const here = createRequire(import.meta.url);
  for (const place of places) {
    try {
      return here.resolve(place);
    } catch {
      // It may be in the next place.
    }
  }
  return undefined;
}

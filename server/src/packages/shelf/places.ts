/** Where the shelf and what belongs to it lie in the cache of a user, and how the place of a dead daemon in it is cleared. */
import { join } from 'node:path';
import { stateOfLock } from '../../runtime/machine/lock.ts';
import { removeIfThere } from '../../runtime/machine/remove.ts';
import type { Walker } from '../../runtime/machine/walk.ts';
import type { Records } from './records.ts';

export interface Places {
  readonly shelf: string;
  readonly records: string;
  readonly keys: string;
  /** Each daemon has a folder in it, in which it makes environments and removes them. */
  readonly making: string;
}

export function placesIn(cache: string): Places {
  const [shelf, records, keys, making] = ['shelf', 'records', 'keys', 'making'].map((name) => join(cache, 'packages', name)) as [string, string, string, string];
  return { shelf, records, keys, making };
}

/** Removes what a dead daemon was making in its folder, and ends what it used. `name`: that of the folder. */
export async function bury(folder: string, name: string, records: Pick<Records, 'releaseAll'>, walker: Walker): Promise<void> {
  // Without a lock it is dead, or has no use for the folder.
  if ((await stateOfLock(folder)) === 'released') await records.releaseAll(name);
  await removeIfThere(walker, folder);
}

/** Removes whole trees, however deep, whatever their permissions, and never what a link leads to. */
import { chmod, lstat, readdir, rename, rmdir, unlink } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { undoing } from '../../base/undo.ts';
import { errorCode, systemFault } from './faults.ts';
import { type Held, lend, type Path, type Walker } from './walk.ts';

/** So often is a directory looked at that keeps filling up. */
const MAX_ROUNDS = 100_000;
const MAX_TRIES = 100;

/**
 * Empties a directory. Each round takes one floor off: the directories of the second floor are moved up to the first,
 * so that neither paths nor the number of held directories grow with the depth.
 */
export async function emptyDirectory(walker: Walker, directory: Held): Promise<void> {
  let moved = 0;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const entries = await entriesOf(directory);
    if (entries.length === 0) return;
    for (const { name, folder } of entries) {
      if (!folder) await unlink(directory.at(name));
      else moved = await flatten(walker, directory, name, moved);
    }
  }
  throw systemFault('EEXIST');
}

export async function removeDirectory(walker: Walker, parent: Held, name: string): Promise<void> {
  await lend(enterAnyway(walker, parent, name), (directory) => emptyDirectory(walker, directory));
  await rmdir(parent.at(name));
}

/** The directory at `path`, if there is one. Others may be removing it too, or still be at work in it. */
export async function removeIfThere(walker: Walker, path: string): Promise<void> {
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    try {
      return await lend(walker.open(dirname(path)), (parent) => removeDirectory(walker, parent, basename(path)));
    } catch (fault) {
      if (!['ENOENT', 'ENOTEMPTY'].includes(errorCode(fault))) throw fault;
      const left = await lstat(path).catch(() => undefined);
      if (!left) return;
    }
  }
  throw systemFault('EEXIST');
}

/** Removes a directory of the second floor. @returns how many names were used up. */
async function flatten(walker: Walker, top: Held, name: Buffer, moved: number): Promise<number> {
  await lend(enterAnyway(walker, top, name), async (directory) => {
    for (const entry of await entriesOf(directory)) {
      const path = directory.at(entry.name);
      if (!entry.folder) {
        await unlink(path);
        continue;
      }
      // To move a directory is to change it.
      await lend(enterAnyway(walker, directory, entry.name), () => Promise.resolve());
      await rename(path, top.at(`.codebeaker-removed-${moved++}`));
    }
  });
  await rmdir(top.at(name));
  return moved;
}

/** Programs may have locked their own directories. */
function enterAnyway(walker: Walker, parent: Held, name: Path): Promise<Held> {
  return undoing(async (undo) => {
    const directory = await walker.enter(parent, name);
    undo.add(() => directory.close());
    await chmod(directory.self, 0o700);
    return directory;
  });
}

/** Names as bytes: not all of them are text. */
async function entriesOf(directory: Held): Promise<{ name: Buffer; folder: boolean }[]> {
  const entries = await readdir(directory.self, { withFileTypes: true, encoding: 'buffer' });
  return entries.map((entry) => ({ name: entry.name, folder: entry.isDirectory() }));
}

/** Removes whole trees, however deep and whatever their permissions. Links are removed, and never followed. */
import { chmod, lstat, readdir, rename, rmdir, unlink } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { undoing } from '../../base/undo.ts';
import { errorCode, systemFault } from './faults.ts';
import { type Held, lend, type Path, type Walker } from './walk.ts';

/** A directory that programs keep filling is given up after so many rounds. */
const MAX_ROUNDS = 100_000;
/** Another removal of the same tree may get in the way; so often it is tried again. */
const MAX_TRIES = 100;

/**
 * Empties a directory. Each round removes one level of the tree: the directories of the second level are moved up to the
 * first. So the lengths of paths and the number of open descriptors do not grow with the depth.
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

/** Removes the directory `name` of `parent`, with everything in it. */
export async function removeDirectory(walker: Walker, parent: Held, name: string): Promise<void> {
  await lend(enterAnyway(walker, parent, name), (directory) => emptyDirectory(walker, directory));
  await rmdir(parent.at(name));
}

/** Removes the directory at `path`, if there is one. Others may be removing it at the same time, or still write into it. */
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

/** Removes the directory `name` of `top`; the directories in it are moved into `top`. @returns `moved`, the number that makes their new names unique, counted on */
async function flatten(walker: Walker, top: Held, name: Buffer, moved: number): Promise<number> {
  await lend(enterAnyway(walker, top, name), async (directory) => {
    for (const entry of await entriesOf(directory)) {
      const path = directory.at(entry.name);
      if (!entry.folder) {
        await unlink(path);
        continue;
      }
      // A directory can be moved only by whoever may write it.
      await lend(enterAnyway(walker, directory, entry.name), () => Promise.resolve());
      await rename(path, top.at(`.codebeaker-removed-${moved++}`));
    }
  });
  await rmdir(top.at(name));
  return moved;
}

/** Enters a directory and makes it writable: a program may have taken away the permissions. */
function enterAnyway(walker: Walker, parent: Held, name: Path): Promise<Held> {
  return undoing(async (undo) => {
    const directory = await walker.enter(parent, name);
    undo.add(() => directory.close());
    await chmod(directory.self, 0o700);
    return directory;
  });
}

/** Names are bytes here, because not every name is UTF-8. */
async function entriesOf(directory: Held): Promise<{ name: Buffer; folder: boolean }[]> {
  const entries = await readdir(directory.self, { withFileTypes: true, encoding: 'buffer' });
  return entries.map((entry) => ({ name: entry.name, folder: entry.isDirectory() }));
}

/** What a folder held at one moment, so that it can be told later which of its files have changed. */

export interface FolderSnapshot {
  /**
   * POSIX path below the folder → a stamp that differs when the file differs. The stamp is undefined for a file that was
   * written so recently that another write might leave the same stamp.
   */
  readonly files: ReadonlyMap<string, string | undefined>;
  readonly folders: ReadonlySet<string>;
}

export interface FolderChanges {
  readonly changed: readonly string[];
  readonly deleted: readonly string[];
}

/** @returns undefined if folders were added or removed */
export function changesBetween(before: FolderSnapshot, now: FolderSnapshot): FolderChanges | undefined {
  const sameFolders = before.folders.size === now.folders.size && [...now.folders].every((path) => before.folders.has(path));
  if (!sameFolders) return undefined;
  const changed = [...now.files].filter(([path, stamp]) => stamp === undefined || before.files.get(path) !== stamp).map(([path]) => path);
  return { changed, deleted: [...before.files.keys()].filter((path) => !now.files.has(path)) };
}

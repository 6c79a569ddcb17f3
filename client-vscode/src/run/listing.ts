/** What a folder holds, as far as it is copied into a sandbox: so it can be told what has changed since. */

export interface Listing {
  /** Path below the folder, POSIX → what is another when the file is another. Undefined: too young to be told. */
  readonly files: ReadonlyMap<string, string | undefined>;
  readonly folders: ReadonlySet<string>;
}

export interface Changes {
  readonly changed: readonly string[];
  readonly gone: readonly string[];
}

/** @returns undefined where more than files is another */
export function changesBetween(before: Listing, now: Listing): Changes | undefined {
  const sameFolders = before.folders.size === now.folders.size && [...now.folders].every((path) => before.folders.has(path));
  if (!sameFolders) return undefined;
  const changed = [...now.files].filter(([path, stamp]) => stamp === undefined || before.files.get(path) !== stamp).map(([path]) => path);
  return { changed, gone: [...before.files.keys()].filter((path) => !now.files.has(path)) };
}

/** Maps a place in the sandbox to the place in the document that it is a copy of. */
import { posix } from 'node:path';
import type { vscode } from '../base/code.ts';
import type { Source } from '../run/source/source.ts';
import type { Frame } from './frame.ts';

export interface Place {
  readonly uri: vscode.Uri;
  /** Lines and columns count from 1. */
  readonly line: number;
  readonly column?: number;
}

/** Runtimes without a file system of their own print the path on this machine, which ends the same way. */
const inWorkspace = /^(?:file:\/\/)?(?:\/.*\/sandbox-[^/]+)?\/workspace\/(.+)$/;
/** Absolute paths, URIs such as `node:fs`, and names such as `<string>`. */
const elsewhere = /^(?:\/|[A-Za-z][\w+.-]*:|<)/;

/** The absolute path in the sandbox; undefined if it is in a folder that the daemon does not read files from. */
export function pathInSandbox(path: string, { cwd }: Source): string | undefined {
  const [, inside] = inWorkspace.exec(path) ?? [];
  if (inside === undefined && elsewhere.test(path)) return /^(?:file:\/\/)?(\/tmp\/.+)$/.exec(path)?.[1];
  const absolute = posix.resolve('/workspace', inside ?? posix.join(cwd, path));
  return absolute.startsWith('/workspace/') ? absolute : undefined;
}

/** @returns undefined for a place in a file that is no copy, such as a library of the sandbox */
export function placeOf({ path, line, column }: Frame, { uri, path: ownPath, cwd, folder, columnOffset }: Source): Place | undefined {
  const [, inside] = inWorkspace.exec(path) ?? [];
  if (inside === undefined && elsewhere.test(path)) return undefined;
  const relative = posix.normalize(inside ?? posix.join(cwd, path));
  if (relative === ownPath) return { uri, line, ...(column === undefined ? {} : { column: column + columnOffset }) };
  if (!folder || relative.split('/')[0] === '..') return undefined;
  return { uri: folder.with({ path: posix.join(folder.path, relative) }), line, ...(column === undefined ? {} : { column }) };
}

/** Maps a path in the sandbox to the document that it is a copy of. */
import { posix } from 'node:path';
import type { vscode } from '../base/code.ts';
import type { Source } from '../run/source/source.ts';

/** Runtimes without a file system of their own print the path on this machine, which ends the same way. */
const inWorkspace = /^(?:file:\/\/)?(?:\/.*\/sandbox-[^/]+)?\/workspace\/(.+)$/;

/** @returns undefined for a file that is no copy, such as a library of the sandbox */
export function placeOf(path: string, { uri, path: ownPath, folder }: Source): vscode.Uri | undefined {
  const [, inside] = inWorkspace.exec(path) ?? [];
  if (inside === undefined && posix.isAbsolute(path.replace(/^file:\/\//, ''))) return undefined;
  const relative = posix.normalize(inside ?? path);
  if (relative === ownPath) return uri;
  if (!folder || relative.startsWith('..')) return undefined;
  return folder.with({ path: posix.join(folder.path, relative) });
}

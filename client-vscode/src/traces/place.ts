/** From a path in the sandbox to the document it came from. */
import { posix } from 'node:path';
import type { vscode } from '../base/code.ts';
import type { Source } from '../run/source.ts';

/** Deno names the host's folder of the sandbox; its end is the same. */
const inWorkspace = /^(?:file:\/\/)?(?:\/.*\/sandbox-[^/]+)?\/workspace\/(.+)$/;

/** @returns undefined for what is not the person's own: libraries, and files that a sandbox alone has. */
export function placeOf(path: string, { uri, path: own, folder }: Source): vscode.Uri | undefined {
  const [, inside] = inWorkspace.exec(path) ?? [];
  if (inside === undefined && posix.isAbsolute(path.replace(/^file:\/\//, ''))) return undefined;
  const relative = posix.normalize(inside ?? path);
  if (relative === own) return uri;
  if (!folder || relative.startsWith('..')) return undefined;
  return folder.with({ path: posix.join(folder.path, relative) });
}

/** A copy of a folder in a sandbox, made what the folder has become. */
import { join } from 'node:path';
import type { Link } from '../client/link.ts';
import type { Disk } from './disk.ts';
import type { Changes } from './listing.ts';

/** More is copied anew. */
const MAX_FILES = 16;
const MAX_BYTES = 1024 * 1024;

/** A copy in a sandbox, and the folder that it is of. */
export interface Copy {
  readonly link: Link;
  readonly sessionId: string;
  readonly root: string;
}

/**
 * @returns whether the copy is what the folder is. If not, nobody should use it.
 * @throws what the daemon answers, and what reading throws
 */
export async function refreshCopy({ link, sessionId, root }: Copy, { changed, gone }: Changes, disk: Disk): Promise<boolean> {
  if (changed.length + gone.length > MAX_FILES) return false;
  const files = await Promise.all(changed.map(async (path) => ({ path, ...(await disk.read(join(root, path), MAX_BYTES + 1)) })));
  if (files.reduce((sum, { bytes }) => sum + bytes.length, 0) > MAX_BYTES) return false;
  await Promise.all([
    ...gone.map((path) => link.request('command/deleteFile', { sessionId, path, force: true })),
    ...files.map(({ path, bytes, executable }) =>
      link.request('command/writeFile', { sessionId, path, content: bytes.toString('base64'), encoding: 'base64', executable }),
    ),
  ]);
  return true;
}

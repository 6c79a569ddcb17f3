/** Brings the copy of a folder in a sandbox up to date by sending the files that have changed. */
import { join } from 'node:path';
import type { Connection } from '../../client/connection.ts';
import type { Disk } from './disk.ts';
import type { FolderChanges } from './snapshot.ts';

/** With more changes than these, a new copy of the whole folder is cheaper. */
const MAX_FILES = 16;
const MAX_BYTES = 1024 * 1024;

/** The copy in the session `sessionId` of the folder `root` on this machine. */
export interface FolderCopy {
  readonly connection: Connection;
  readonly sessionId: string;
  readonly root: string;
}

/**
 * @returns whether the copy is up to date. If it is not, it must not be used.
 * @throws what the daemon answers, and what reading throws
 */
export async function sendChangedFiles({ connection, sessionId, root }: FolderCopy, { changed, deleted }: FolderChanges, disk: Disk): Promise<boolean> {
  if (changed.length + deleted.length > MAX_FILES) return false;
  const files = await Promise.all(changed.map(async (path) => ({ path, ...(await disk.readStart(join(root, path), MAX_BYTES + 1)) })));
  if (files.reduce((sum, { bytes }) => sum + bytes.length, 0) > MAX_BYTES) return false;
  await Promise.all([
    ...deleted.map((path) => connection.request('command/deleteFile', { sessionId, path, force: true })),
    ...files.map(({ path, bytes, executable }) =>
      connection.request('command/writeFile', { sessionId, path, content: bytes.toString('base64'), encoding: 'base64', executable }),
    ),
  ]);
  return true;
}

/** Removes the control groups that a dead daemon has left. */
import { readdir, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode } from './faults.ts';

/** Removes a group and those in it. @throws the system's fault, such as EBUSY where a process is in one of them */
export async function removeGroups(path: string): Promise<void> {
  const entries = await readdir(path, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) if (entry.isDirectory()) await removeGroups(join(path, entry.name));
  await rmdir(path).catch((fault: unknown) => {
    if (errorCode(fault) !== 'ENOENT') throw fault;
  });
}

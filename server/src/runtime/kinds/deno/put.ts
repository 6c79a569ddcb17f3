/** Puts a file into the daemon's folder, whole or not at all. */
import { randomBytes } from 'node:crypto';
import { chmod, rename, writeFile } from 'node:fs/promises';

export async function put(path: string, content: string | Buffer): Promise<void> {
  const fresh = `${path}-${randomBytes(4).toString('hex')}`;
  await writeFile(fresh, content);
  // In bubblewrap another user reads it.
  await chmod(fresh, 0o644);
  await rename(fresh, path);
}

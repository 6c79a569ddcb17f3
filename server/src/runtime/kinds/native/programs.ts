/** What tells the interpreters and package managers of this host from those that it had before an update. */
import { machine } from 'node:os';
import { realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';

const names = ['python3', 'node', 'npm', 'ruby', 'gem', 'bundle', 'go'];

/** `folders`: those of PATH, in which the programs are looked for. */
export async function programsOf(folders: readonly string[]): Promise<string> {
  const found = await Promise.all(names.map(async (name) => [name, await identify(name, folders)] as const));
  return JSON.stringify([machine(), ...found]);
}

async function identify(name: string, folders: readonly string[]): Promise<string | null> {
  for (const folder of folders) {
    const path = await realpath(join(folder, name)).catch(() => undefined);
    const stats = path === undefined ? undefined : await stat(path).catch(() => undefined);
    if (stats) return `${path}:${stats.size}:${stats.mtimeMs}`;
  }
  return null;
}

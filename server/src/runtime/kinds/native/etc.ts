/** Makes the /etc of sandboxes. It tells nothing about the users and the network of the host. */
import { chmod, mkdir, mkdtemp, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { undoing } from '../../../base/undo.ts';
import { NOBODY } from '../../workspace/user.ts';
import type { Bind } from './toolchains.ts';

const files: Readonly<Record<string, string>> = {
  passwd: `root:x:0:0:root:/:/bin/false\nsandbox:x:${NOBODY}:${NOBODY}:sandbox:/tmp:/bin/sh\n`,
  group: `root:x:0:\nsandbox:x:${NOBODY}:\n`,
  hosts: '127.0.0.1 localhost sandbox\n::1 localhost\n',
  hostname: 'sandbox\n',
  'nsswitch.conf': 'passwd: files\ngroup: files\nhosts: files dns\n',
  'resolv.conf': '',
};

/** The entries of the host's /etc that programs need to find their libraries and data. None of them is secret. */
const shown = /^(?:ld\.so\.(?:cache|conf|conf\.d)|alternatives|mono|localtime|python3(?:\.\d+)?|protocols|services|mime\.types)$/;

/** A part of the host's /etc that is to be mounted over the one which is made. */
export interface Shown {
  readonly name: string;
  readonly folder: boolean;
}

export async function findShown(): Promise<readonly Shown[]> {
  const found: Shown[] = [];
  for (const name of (await readdir('/etc').catch(() => [])).filter((entry) => shown.test(entry))) {
    const stats = await stat(join('/etc', name)).catch(() => undefined);
    if (stats?.isDirectory() || stats?.isFile()) found.push({ name, folder: stats.isDirectory() });
  }
  return found;
}

export function bindsOf(parts: readonly Shown[]): readonly Bind[] {
  return parts.map(({ name }) => [join('/etc', name), join('/etc', name)]);
}

/** Makes `path`, whole or not at all. An empty file or folder is there for each part that is shown. Programs of other users can read everything in it. */
export async function makeEtc(path: string, parts: readonly Shown[]): Promise<void> {
  await undoing(async (undo) => {
    const folder = await mkdtemp(`${path}-`);
    undo.add(() => rm(folder, { recursive: true, force: true }));
    await chmod(folder, 0o755);
    const empty = parts.filter((part) => !part.folder).map(({ name }) => [name, ''] as const);
    for (const [name, text] of [...Object.entries(files), ...empty]) await readable(join(folder, name), 0o644, (file) => writeFile(file, text));
    for (const { name } of parts.filter((part) => part.folder)) await readable(join(folder, name), 0o755, (inner) => mkdir(inner));
    await rename(folder, path).catch(async (fault: unknown) => {
      // Another sandbox that is made at the same time may have made it.
      if (!(await stat(path).then(() => true, () => false))) throw fault;
    });
  });
}

/** The mode is set afterwards, because the daemon's umask may forbid it at first. */
async function readable(path: string, mode: number, make: (path: string) => Promise<unknown>): Promise<void> {
  await make(path);
  await chmod(path, mode);
}

/** Makes the /etc of sandboxes. It tells nothing about the users and the network of the host. */
import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
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

/** Makes `folder`, and returns the parts of the host's /etc that are to be mounted over it. An empty file or folder is there for each of them. */
export async function makeEtc(folder: string): Promise<readonly Bind[]> {
  await mkdir(folder, { mode: 0o755 });
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text, { mode: 0o644 });
  const binds: Bind[] = [];
  for (const name of (await readdir('/etc').catch(() => [])).filter((entry) => shown.test(entry))) {
    const host = join('/etc', name);
    const stats = await stat(host).catch(() => undefined);
    if (stats?.isDirectory()) await mkdir(join(folder, name), { mode: 0o755 });
    else if (stats?.isFile()) await writeFile(join(folder, name), '', { mode: 0o644 });
    else continue;
    binds.push([host, host]);
  }
  return binds;
}

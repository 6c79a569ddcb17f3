/** A made-up /etc: nobody of the host is known inside. */
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

/** What programs need of the host's own to find their parts. None of it is a secret. */
const shown = /^(?:ld\.so\.(?:cache|conf|conf\.d)|alternatives|mono|localtime|python3(?:\.\d+)?|protocols|services|mime\.types)$/;

/** Fills `folder`, and returns what is to be bound over the places it holds for that. */
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

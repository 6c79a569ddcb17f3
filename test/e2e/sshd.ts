/** A real sshd at a free port of the loopback interface, with keys of its own, and an `ssh` for PATH that knows and trusts it alone. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection, createServer, type AddressInfo } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { delimiter, join } from 'node:path';
import type { Probe } from '../require.ts';
import { until } from './environment.ts';

const find = (name: string) => [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin'].map((folder) => join(folder, name)).find((path) => {
  try {
    accessSync(path);
    return true;
  } catch {
    return false;
  }
});

export const sshServer: Probe = () => (['sshd', 'ssh', 'ssh-keygen'].every((name) => find(name) !== undefined) ? undefined : 'there is no sshd, ssh or ssh-keygen; run test/setup/programs.sh as root');

export interface Sshd {
  /** `user@host:port` */
  readonly at: string;
  /** The folder with `ssh`, to stand first on PATH. */
  readonly bin: string;
  /** What ssh processes were started with. */
  stop(): Promise<void>;
}

export async function startSshd(): Promise<Sshd> {
  const folder = mkdtempSync(join(tmpdir(), 'codebeaker-sshd-'));
  const at = (name: string) => join(folder, name);
  for (const name of ['host', 'user']) execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', at(name)]);
  copyFileSync(at('user.pub'), at('authorized'));
  const port = await freePort();
  const lines = [`Port ${port}`, 'ListenAddress 127.0.0.1', `HostKey ${at('host')}`, `AuthorizedKeysFile ${at('authorized')}`, 'StrictModes no', 'UsePAM no', 'PidFile none', 'PermitRootLogin prohibit-password'];
  writeFileSync(at('config'), `${lines.join('\n')}\n`);
  // An sshd of root wants this folder.
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  const server = spawn(find('sshd') as string, ['-D', '-e', '-f', at('config')], { stdio: 'ignore' });
  const gone = once(server, 'exit');
  const bin = at('bin');
  mkdirSync(bin);
  writeFileSync(join(bin, 'ssh'), `#!/bin/sh\nexec ${find('ssh')} -F /dev/null -i ${at('user')} -o IdentitiesOnly=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null "$@"\n`);
  chmodSync(join(bin, 'ssh'), 0o755);
  await until('sshd listens', () => new Promise((resolve) => {
    const socket = createConnection(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  }));
  return {
    at: `${userInfo().username}@127.0.0.1:${port}`,
    bin,
    async stop() {
      server.kill();
      await gone;
      rmSync(folder, { recursive: true });
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

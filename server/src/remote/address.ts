/** Where a daemon listens: a TCP port, or a unix socket that only its own user can reach. */
import { once } from 'node:events';
import { chmodSync, lstatSync, statSync, unlinkSync } from 'node:fs';
import { type AddressInfo, createConnection, type Server } from 'node:net';
import { dirname, join } from 'node:path';
import { makeFolders } from '../base/folders.ts';

export type Address = { readonly kind: 'tcp'; readonly host: string; readonly port: number } | { readonly kind: 'unix'; readonly path: string };

/** It cannot listen there. The message says why, in words for people. */
export class CannotListen extends Error {}

/** `uid`: the user of the daemon. @returns where the server listens, as people write it @throws CannotListen */
export async function listenAt(server: Server, at: Address, uid: number): Promise<string> {
  if (at.kind === 'tcp') {
    await begin(server, { host: at.host, port: at.port }, `port ${at.port} of ${at.host}`);
    const { address, family, port } = server.address() as AddressInfo;
    return `${family === 'IPv6' ? `[${address}]` : address}:${port}`;
  }
  const { path } = at;
  closedFolder(dirname(path), uid);
  await clear(path);
  await begin(server, { path }, path);
  chmodSync(path, 0o600);
  return `unix:${path}`;
}

async function begin(server: Server, at: { path: string } | { host: string; port: number }, name: string): Promise<void> {
  server.listen(at);
  await once(server, 'listening').catch((fault: unknown) => {
    throw cannot(name, fault);
  });
}

/**
 * Another user could otherwise put a socket of theirs in the place of ours, or connect before its mode is set.
 * A folder that is missing is made.
 */
function closedFolder(folder: string, uid: number): void {
  try {
    makeFolders(folder, 0o700);
    const { mode, uid: owner } = statSync(folder);
    if (owner !== uid) throw new CannotListen(`the folder of the socket belongs to another user: ${folder}`);
    if ((mode & 0o077) !== 0) throw new CannotListen(`other users can enter the folder of the socket, ${folder}: name one that is not there, which is made for you alone, such as unix:${join(folder, 'codebeaker', 'daemon.sock')}`);
  } catch (fault) {
    throw cannot(folder, fault);
  }
}

/** A socket is left when a daemon has died. One behind which somebody answers is not replaced. */
async function clear(path: string): Promise<void> {
  try {
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (!found) return;
    if (!found.isSocket()) throw new CannotListen(`${path} exists and is no socket`);
    if (await answers(path)) throw new CannotListen(`another daemon listens at ${path}`);
    unlinkSync(path);
  } catch (fault) {
    throw cannot(path, fault);
  }
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(path);
    socket.once('connect', () => resolve(true)).once('error', ({ code }: NodeJS.ErrnoException) => resolve(code !== 'ECONNREFUSED'));
    socket.once('connect', () => socket.destroy());
  });
}

const reasons: Readonly<Record<string, string>> = {
  EADDRINUSE: 'something else listens there',
  EADDRNOTAVAIL: 'this machine has no such address',
  EACCES: 'this user has no right to it',
  ENOTFOUND: 'there is no such name',
};

function cannot(where: string, fault: unknown): CannotListen {
  if (fault instanceof CannotListen) return fault;
  const { code } = fault as { code?: string };
  return new CannotListen(`it cannot listen at ${where}: ${reasons[code ?? ''] ?? code ?? String(fault)}`);
}

/** The connection to a daemon on another machine, through ssh. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { type SshStream, type SshTarget, startSsh } from '../base/ssh.ts';
import { CannotConnect } from './fault.ts';

/** What has come through ssh, and how it ends. */
export interface Tunnel {
  readonly stream: Duplex & { readonly bytesRead: number };
  /** What ssh says against it. Empty: nothing. */
  complaint(): string;
  dispose(): void;
}

/** To a port of the loopback interface over there. ssh itself carries the connection, also one that it shares (ControlMaster). */
export function tunnelToPort(target: SshTarget, port: number): Tunnel {
  const stream = startSsh(target, ['-W', `127.0.0.1:${port}`]);
  return { stream, complaint: () => stream.complaint, dispose: () => void stream.destroy() };
}

/** What is printed over there when the way is open. */
const READY = 'codebeaker: the way is open';
/** A machine that prints more than this before has something else to say. */
const MAX_GREETING = 64 * 1024;

/**
 * To a socket over there. ssh carries connections to sockets only from a socket, which is in a folder that nobody else can
 * enter. What is run over there reads to its end, so that ssh ends when this process does, whatever ends it; a connection
 * that is shared would keep the socket open, so this one is not. `temporary`: where the folder is made. What
 * `signal` ends is removed at once. @throws CannotConnect
 */
export async function tunnelToSocket(target: SshTarget, path: string, { temporary, signal }: { readonly temporary: string; readonly signal: AbortSignal }): Promise<Tunnel> {
  signal.throwIfAborted();
  const folder = mkdtempSync(join(temporary, 'codebeaker-ssh-'));
  const local = join(folder, 'socket');
  const ssh = startSsh(target, ['-o', 'ControlMaster=no', '-o', 'ControlPath=none', '-L', `${local}:${path}`], [`echo '${READY}'; exec cat >/dev/null`]);
  const remove = () => rmSync(folder, { recursive: true, force: true });
  const dispose = () => {
    ssh.destroy();
    remove();
  };
  signal.addEventListener('abort', dispose, { once: true });
  try {
    await ready(ssh);
    const stream = createConnection(local);
    // ssh has opened it, so nobody needs to find it any more.
    stream.once('connect', remove);
    ssh.once('close', () => stream.destroy());
    return { stream, complaint: () => ssh.complaint, dispose };
  } catch (fault) {
    dispose();
    throw fault;
  }
}

function ready(ssh: SshStream): Promise<void> {
  return new Promise((resolve, reject) => {
    let printed = '';
    const fail = (why: string) => reject(new CannotConnect('ssh', why));
    ssh.on('data', (chunk: Buffer) => {
      printed = (printed + chunk.toString()).slice(-MAX_GREETING);
      if (printed.includes(READY)) resolve();
    });
    ssh.on('error', (fault) => fail(fault.message));
    ssh.on('close', () => fail('ssh: it ended before the way was open'));
  });
}

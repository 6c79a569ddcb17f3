/** The ways to a client (protocol section 1). In each the daemon is the one that connects. */
import { once } from 'node:events';
import { createConnection, type Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';

export interface Transport {
  readonly input: Readable;
  /** Has let go of the bytes when a write calls back: they are written into again. */
  readonly output: Writable;
  /** Lets go of both. What was written before still leaves. */
  dispose(): void;
}

/** `--stdio`. `output` is what `takeStdout` gave. */
export function stdioTransport(input: Readable, output: Writable): Transport {
  return { input, output, dispose: () => void input.destroy() };
}

/** `--pipe=PATH`: a Unix socket, or a named pipe of Windows. */
export function pipeTransport(path: string): Promise<Transport> {
  return socketOf(createConnection({ path, allowHalfOpen: true }));
}

/** `--socket=PORT`, on this machine. */
export function socketTransport(port: number): Promise<Transport> {
  return socketOf(createConnection({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true }));
}

/** Half open, so that the answers still go out after the client has sent its last. */
async function socketOf(socket: Socket): Promise<Transport> {
  // A socket may fail before anybody reads it: whoever reads it then finds it destroyed.
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return { input: socket, output: socket, dispose: () => socket.destroySoon() };
}

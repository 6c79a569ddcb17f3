/** Byte streams to a client (protocol section 1). In each the daemon is the one that connects. */
import { once } from 'node:events';
import { createConnection, type Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';

export interface ByteStream {
  readonly input: Readable;
  /** Has let go of the bytes when a write calls back: they are written into again. */
  readonly output: Writable;
  /** Lets go of both. What was written before still leaves. */
  dispose(): void;
}

/** `--stdio`. `output` is what `takeStdout` gave. */
export function stdioStream(input: Readable, output: Writable): ByteStream {
  return { input, output, dispose: () => void input.destroy() };
}

/** `--pipe=PATH`: a Unix socket, or a named pipe of Windows. */
export function pipeStream(path: string): Promise<ByteStream> {
  return socketOf(createConnection({ path, allowHalfOpen: true }));
}

/** `--socket=PORT`, on this machine. */
export function socketStream(port: number): Promise<ByteStream> {
  return socketOf(createConnection({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true }));
}

/** Half open, so that the answers still go out after the client has sent its last. */
async function socketOf(socket: Socket): Promise<ByteStream> {
  // A socket may fail before anybody reads it: whoever reads it then finds it destroyed.
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return { input: socket, output: socket, dispose: () => socket.destroySoon() };
}

/** The byte streams over which a client can be reached: stdio, and sockets to which the daemon connects. */
import { once } from 'node:events';
import { createConnection, type Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';

export interface ByteStream {
  readonly input: Readable;
  /** When a write calls back, the stream no longer uses the buffer, because the buffer is then used for other bytes. */
  readonly output: Writable;
  /** Closes both. Everything that was written before is still sent. */
  dispose(): void;
}

/** For `--stdio`. `output` is the stream that `takeStdout` returned. */
export function stdioStream(input: Readable, output: Writable): ByteStream {
  return { input, output, dispose: () => void input.destroy() };
}

/** For `--pipe=PATH`: a Unix domain socket, or a named pipe on Windows. */
export function pipeStream(path: string): Promise<ByteStream> {
  return socketOf(createConnection({ path, allowHalfOpen: true }));
}

/** For `--socket=PORT`: a TCP port of this machine. */
export function socketStream(port: number): Promise<ByteStream> {
  return socketOf(createConnection({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true }));
}

/** The socket may be half open, so that answers can still be sent after the client has ended its side. */
async function socketOf(socket: Socket): Promise<ByteStream> {
  // A socket may fail before anything reads it. The reader then finds that it is destroyed.
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return { input: socket, output: socket, dispose: () => socket.destroySoon() };
}

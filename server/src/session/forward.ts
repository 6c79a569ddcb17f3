/** A port of this machine that leads to a port of a sandbox: whoever connects to the one is connected to the other. */
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { invalidParam, ProtocolError } from '../protocol/index.ts';
import type { Sandbox } from '../runtime/ports.ts';

export const HOST_ADDRESS = '127.0.0.1';
/** So many connections lead through one port at the same time. The others are refused. */
const MAX_CONNECTIONS = 256;

export class Forward {
  readonly port: number;
  readonly hostPort: number;
  readonly #server: Server;
  readonly #sockets: ReadonlySet<Socket>;

  /**
   * `hostPort` 0: the same number as that of the port if it is free, or any other.
   * @throws ProtocolError InvalidParams where the port of this machine can't be had, SandboxFailed
   */
  static async open(sandbox: Sandbox, port: number, hostPort: number): Promise<Forward> {
    const sockets = new Set<Socket>();
    // Node would end the other direction by itself.
    const server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true }, (socket) => {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
      void lead(socket, sandbox, port);
    });
    server.maxConnections = MAX_CONNECTIONS;
    const open = hostPort === 0 ? await listen(server, port).catch(() => listen(server, 0)) : await listen(server, hostPort);
    return new Forward(port, open, server, sockets);
  }

  private constructor(port: number, hostPort: number, server: Server, sockets: ReadonlySet<Socket>) {
    this.port = port;
    this.hostPort = hostPort;
    this.#server = server;
    this.#sockets = sockets;
  }

  /** Breaks its connections off. Resolves when nothing listens any more. */
  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of this.#sockets) socket.resetAndDestroy();
    await closed;
  }
}

/** @throws ProtocolError InvalidParams, SandboxFailed */
async function listen(server: Server, port: number): Promise<number> {
  server.listen(port, HOST_ADDRESS);
  try {
    await once(server, 'listening');
  } catch (fault) {
    throw listenError(fault as NodeJS.ErrnoException, port);
  }
  const address = server.address();
  return address !== null && typeof address === 'object' ? address.port : port;
}

function listenError({ code = 'error' }: NodeJS.ErrnoException, port: number): ProtocolError {
  if (code === 'EADDRINUSE') return invalidParam('hostPort', `port ${port} of this machine is taken: choose another, or leave hostPort out`);
  if (code === 'EACCES') return invalidParam('hostPort', `this user may not listen on port ${port} of this machine: choose one above 1023, or leave hostPort out`);
  return new ProtocolError('SandboxFailed', `this machine can't listen on port ${port}: ${code}`);
}

/** Connects the socket to the port of the sandbox. Where nobody listens there, whoever has connected sees a reset. */
async function lead(socket: Socket, sandbox: Sandbox, port: number): Promise<void> {
  socket.on('error', () => socket.destroy());
  try {
    const inner = await sandbox.connect(port);
    if (socket.destroyed) inner.destroy();
    else join(socket, inner);
  } catch {
    socket.resetAndDestroy();
  }
}

/** Each direction ends by itself. What breaks one of them off breaks the other off. */
function join(socket: Socket, inner: Duplex): void {
  socket.on('error', () => inner.destroy());
  inner.on('error', () => socket.resetAndDestroy());
  // One that closes before its end was written has been broken off.
  socket.on('close', () => void (inner.writableEnded || inner.destroy()));
  inner.on('close', () => void (socket.writableEnded || socket.resetAndDestroy()));
  socket.pipe(inner).pipe(socket);
}

/** A proxy in front of the engine's socket. A test can close it, which looks to the daemon as if the engine had stopped. */
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';

export class EngineProxy {
  readonly path: string;
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;

  constructor(folder: string) {
    this.path = join(folder, 'docker.sock');
  }

  async open(): Promise<void> {
    this.#server = createServer({ allowHalfOpen: true }, (near) => {
      const far = connect({ path: '/var/run/docker.sock', allowHalfOpen: true });
      for (const socket of [near, far]) {
        this.#sockets.add(socket);
        socket.on('error', () => undefined);
        socket.on('close', () => {
          this.#sockets.delete(socket);
          near.destroy();
          far.destroy();
        });
      }
      near.pipe(far).pipe(near);
    });
    await once(this.#server.listen(this.path), 'listening');
  }

  /** Ends every connection; new ones can be made. */
  drop(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async cut(): Promise<void> {
    const server = this.#server;
    if (!server) return;
    this.#server = undefined;
    const closed = once(server, 'close');
    server.close();
    this.drop();
    await closed;
  }
}

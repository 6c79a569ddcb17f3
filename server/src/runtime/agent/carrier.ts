/** What carries the frames between the daemon and an agent: a socket, or the stdin and stdout of the agent. */
import type { Duplex } from 'node:stream';
import { deferred } from '../../base/promises.ts';
import { writeTo } from '../machine/write.ts';

export interface Carrier {
  /** Resolves when more may be written. Never rejects: that the carrier is broken shows in `closed`. */
  write(bytes: Buffer): Promise<void>;
  /** Calls `take` with everything that comes. It is called once. */
  listen(take: (bytes: Buffer) => void): void;
  /** Resolves when nothing more will come. */
  readonly closed: Promise<void>;
  /** Closes it. The agent then ends, and its sandbox with it. */
  destroy(): void;
}

/** A socket as a carrier. */
export function socketCarrier(socket: Duplex): Carrier {
  const done = deferred();
  socket.on('error', () => socket.destroy());
  socket.on('close', () => done.resolve());
  socket.on('end', () => socket.destroy());
  if (socket.destroyed) done.resolve();
  /** While the socket takes no more, all writes wait for the same moment. */
  let full: Promise<void> | undefined;
  return {
    write: (bytes) => {
      if (full) {
        socket.write(bytes);
        return full;
      }
      const taken = writeTo(socket, bytes);
      if (socket.writableNeedDrain) full = taken.finally(() => (full = undefined));
      return taken;
    },
    listen: (take) => void socket.on('data', take),
    closed: done.promise,
    destroy: () => socket.destroy(),
  };
}

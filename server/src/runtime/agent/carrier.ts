/** What carries the frames between the daemon and an agent: a socket, or the stdin and stdout of the agent. */
import type { Duplex } from 'node:stream';
import { deferred } from '../../base/promises.ts';
import { write, writeTo } from '../machine/write.ts';

export interface Carrier {
  /**
   * Writes whole frames, the last of which may end with `payload`. Resolves when more may be written. Never rejects: that
   * the carrier is broken shows in `closed`. Nothing of it may be changed any more.
   */
  write(bytes: Buffer, payload?: Buffer): Promise<void>;
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
    write: (bytes, payload) => {
      if (full) {
        write(socket, bytes, payload);
        return full;
      }
      const taken = writeTo(socket, bytes, payload);
      if (socket.writableNeedDrain) full = taken.finally(() => (full = undefined));
      return taken;
    },
    listen: (take) => void socket.on('data', inTurns(socket, take)),
    closed: done.promise,
    destroy: () => socket.destroy(),
  };
}

/** So much of one socket is taken before it is the turn of others. Without that, a socket that is never empty is read many times in a row. */
const TURN_BYTES = 256 * 1024;

function inTurns(socket: Duplex, take: (bytes: Buffer) => void): (bytes: Buffer) => void {
  let taken = 0;
  return (bytes) => {
    if (taken === 0) {
      setImmediate(() => {
        taken = 0;
        if (socket.isPaused()) socket.resume();
      });
    }
    taken += bytes.length;
    take(bytes);
    if (taken >= TURN_BYTES) socket.pause();
  };
}

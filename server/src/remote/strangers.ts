/** Connections that have not shown the token yet: how many there may be, and for how long. */
import type { Socket } from 'node:net';
import type { Clock } from '../base/clock.ts';

/** There are at most so many. One more costs the oldest its place, so that nobody who holds many keeps others out. */
const MAX_STRANGERS = 100;
/** So long a connection may take to show the token. */
export const STRANGER_MS = 5_000;

interface Stranger {
  /** Ends its time limit. */
  readonly cancel: () => void;
  readonly socket: Socket;
}

/** Invariant: a stranger is counted from its first packet until it is known, is closed, or its time is over. */
export class Strangers {
  readonly #clock: Clock;
  /** From the oldest to the newest, each with what ends its time limit. */
  readonly #all = new Map<unknown, Stranger>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(socket: Socket): void {
    const [oldest] = this.#all.keys();
    if (oldest !== undefined && this.#all.size >= MAX_STRANGERS) this.#end(oldest);
    const key = keyOf(socket);
    // The address of a connection that has just ended may be in use again.
    this.#forget(key);
    this.#all.set(key, { socket, cancel: this.#clock.after(STRANGER_MS, () => this.#end(key)) });
    socket.once('close', () => this.#all.get(key)?.socket === socket && this.#forget(key));
  }

  /** It has shown the token. */
  known(socket: Socket): void {
    this.#forget(keyOf(socket));
  }

  #end(key: unknown): void {
    const stranger = this.#all.get(key);
    this.#forget(key);
    stranger?.socket.destroy();
  }

  #forget(key: unknown): void {
    this.#all.get(key)?.cancel();
    this.#all.delete(key);
  }
}

/** The same for the socket of TLS as for the one below it. */
function keyOf(socket: Socket): unknown {
  return socket.remotePort === undefined ? socket : `${socket.remoteAddress} ${socket.remotePort}`;
}

/** A message transport over a WebSocket: one message in each text frame. */
import type { Socket } from 'node:net';
import type { RawData, WebSocket } from 'ws';
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { DataLink } from './channels/link.ts';
import type { MessageSink, PassingTransport } from './message-transport.ts';
import { bare, Outlet, type Output } from './outlet.ts';

/** So often the client is asked whether it is there. A client of which nothing is seen for so long has gone. */
const BEAT_MS = 30_000;
/** So long the client has to close its side, too. */
const CLOSE_MS = 1_000;

/** What a WebSocket is on: a socket, or something that is like one. */
export type Carrier = Pick<Socket, 'bytesRead' | 'writableNeedDrain' | 'on'>;

export interface WebSocketParts {
  /** Must be open. The longest message that it takes is bounded by whoever made it: a longer one ends the connection. */
  readonly webSocket: WebSocket;
  /** The connection on which the WebSocket is. */
  readonly socket: Carrier;
  readonly clock: Clock;
  readonly log: Log;
}

export class WebSocketTransport implements PassingTransport {
  readonly binary: DataLink = {
    receive: (take, ended) => void (this.#takeBinary = { take, ended }),
    send: (header, payload) => this.#sendBinary(header, payload),
    // It ends with the connection.
    close: () => (this.#takeBinary = undefined),
  };
  readonly #parts: WebSocketParts;
  readonly #outlet: Outlet;
  #sink: MessageSink | undefined;
  #paused = false;
  /** Who takes binary messages, if the client asked for a data channel. */
  #takeBinary: { take(bytes: Buffer): void; ended(): void } | undefined;
  /** How often something was seen of the client: it has answered, or taken what was sent. */
  #signs = 0;
  #cancelBeat: () => void;
  readonly #onMessage = (data: RawData, isBinary: boolean) => this.#read(data as Buffer, isBinary);
  readonly #onClose = () => this.#end();

  constructor(parts: WebSocketParts) {
    const { webSocket, clock, log } = parts;
    this.#parts = parts;
    this.#outlet = new Outlet(outputOf(parts), { sent: () => this.#sent(), gone: (fault) => this.#sink?.gone(fault) }, bare);
    // This listener is never removed, because an error event without a listener would end the process.
    webSocket.on('error', (fault) => {
      log.info('the connection ends, because the client has sent what is no WebSocket, or too much', fault);
      this.#endSoon();
    });
    webSocket.on('pong', () => (this.#signs += 1)).on('close', () => this.#cancelBeat());
    this.#cancelBeat = clock.after(BEAT_MS, () => this.#beat(''));
  }

  get unsentBytes(): number {
    return this.#outlet.unsentBytes;
  }

  receive(sink: MessageSink): void {
    this.#sink = sink;
    this.#parts.webSocket.on('message', this.#onMessage).on('close', this.#onClose);
  }

  stop(): void {
    this.#parts.webSocket.off('message', this.#onMessage).off('close', this.#onClose);
  }

  pause(): void {
    this.#paused = true;
    this.#parts.webSocket.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#parts.webSocket.resume();
  }

  send(message: object): Promise<void> {
    return this.#outlet.send(message);
  }

  pass(body: Buffer): Promise<void> {
    return this.#outlet.pass(body);
  }

  flushed(): Promise<void> {
    return this.#outlet.flushed();
  }

  close(): void {
    // Only a WebSocket that reads learns that the client closes its side.
    this.resume();
    this.#endSoon();
    this.#parts.webSocket.close(1000);
  }

  /** If an error in the daemon makes this fail, one message is lost and not the whole process. */
  #read(body: Buffer, isBinary: boolean): void {
    try {
      if (isBinary && this.#takeBinary) this.#takeBinary.take(body);
      else if (isBinary) this.#sink?.refused('it came in a binary frame, messages are text frames, and the client has asked for no data channel');
      else this.#sink?.message(body);
    } catch (fault) {
      this.#parts.log.error('a message could not be handled', fault);
    }
  }

  /** A client that does not close its side is cut off. */
  #endSoon(): void {
    const { webSocket, clock } = this.#parts;
    webSocket.once('close', clock.after(CLOSE_MS, () => webSocket.terminate()));
  }

  #sent(): void {
    this.#signs += 1;
    this.#sink?.sent();
  }

  /** `before`: what had gone through the connection at the last beat. Who is not read cannot answer. */
  #beat(before: string): void {
    const { webSocket, socket, clock, log } = this.#parts;
    const now = `${socket.bytesRead}/${this.#signs}`;
    if (now === before && !this.#paused) {
      log.info('the connection ends, because nothing is seen of the client any more');
      webSocket.terminate();
      return;
    }
    webSocket.ping();
    this.#cancelBeat = clock.after(BEAT_MS, () => this.#beat(now));
  }

  /** Resolves when there is room for more, or the connection has ended. */
  #sendBinary(header: Buffer, payload: Buffer | undefined): Promise<void> {
    const { webSocket, socket } = this.#parts;
    if (webSocket.readyState !== webSocket.OPEN) return Promise.resolve();
    return new Promise((resolve) => {
      // Both are one message. Nothing else can be sent in between.
      if (payload) webSocket.send(header, { binary: true, fin: false });
      webSocket.send(payload ?? header, { binary: true, fin: true }, () => resolve());
      if (!socket.writableNeedDrain) resolve();
    });
  }

  #end(): void {
    this.#takeBinary?.ended();
    this.stop();
    this.#sink?.ended('between');
  }
}

function outputOf({ webSocket, socket }: WebSocketParts): Output {
  return {
    write(bytes, done) {
      webSocket.send(bytes, { binary: false }, done);
      return !socket.writableNeedDrain;
    },
    get destroyed() {
      return webSocket.readyState !== webSocket.OPEN;
    },
    on: (event: string, listener: (fault: Error) => void) => socket.on(event, listener),
  };
}

/**
 * The client's side of a WebSocket, as far as an inspector needs one. An inspector that sends its messages apart, and waits
 * for each to be acknowledged, would take 40 ms for each step. So every message is acknowledged at once, with a frame that
 * needs no answer.
 */
import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';

const TEXT = 0x1;
const CONTINUATION = 0x0;
const CLOSE = 0x8;
const PING = 0x9;
const PONG = 0xa;
const FINAL = 0x80;
const MASKED = 0x80;
/** A longer message, or a longer head of the answer, is a fault of whoever sends it. */
const MAX_MESSAGE_BYTES = 256 * 1024 * 1024;
const MAX_HEAD_BYTES = 16 * 1024;

export interface WebSocketEvents {
  message(text: string): void;
  /** Called once. */
  closed(): void;
}

export class WebSocketClient {
  readonly #socket: Socket;
  readonly #events: WebSocketEvents;
  /** What has come of a frame that is not whole. */
  #held: Buffer[] = [];
  #heldBytes = 0;
  /** So many bytes have to be there before it can go on. */
  #needed = 0;
  #pieces: Buffer[] = [];
  #size = 0;

  private constructor(socket: Socket, events: WebSocketEvents) {
    this.#socket = socket;
    this.#events = events;
    socket.on('close', () => events.closed());
  }

  /** Rejects where nothing listens there, or what listens speaks another protocol. */
  static open(port: number, path: string, events: WebSocketEvents): Promise<WebSocketClient> {
    const socket = connect(port, '127.0.0.1');
    socket.setNoDelay(true);
    return new Promise((resolve, reject) => {
      let head = Buffer.alloc(0);
      const fail = () => {
        socket.destroy();
        reject(new Error('The inspector takes no connection.'));
      };
      const take = (chunk: Buffer) => {
        head = Buffer.concat([head, chunk]);
        const end = head.indexOf('\r\n\r\n');
        if (end < 0 && head.length <= MAX_HEAD_BYTES) return;
        if (end < 0 || !/^HTTP\/1\.1 101 /.test(head.toString('latin1', 0, end))) return fail();
        socket.off('data', take).off('error', fail).off('close', fail).on('error', () => undefined);
        const client = new WebSocketClient(socket, events);
        resolve(client);
        socket.on('data', (more: Buffer) => client.#take(more));
        client.#take(head.subarray(end + 4));
      };
      socket.on('data', take).on('error', fail).on('close', fail);
      socket.once('connect', () => {
        const key = randomBytes(16).toString('base64');
        socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: ${key}\r\nSec-WebSocket-Version: 13\r\n\r\n`);
      });
    });
  }

  send(text: string): void {
    this.#write(TEXT, Buffer.from(text));
  }

  close(): void {
    this.#write(CLOSE, Buffer.alloc(0));
    this.#socket.end();
  }

  #write(kind: number, content: Buffer): void {
    if (!this.#socket.writable) return;
    const { length } = content;
    const size = length < 126 ? Buffer.from([MASKED | length]) : length < 0x10000 ? Buffer.from([MASKED | 126, 0, 0]) : Buffer.from([MASKED | 127, 0, 0, 0, 0, 0, 0, 0, 0]);
    if (size.length === 3) size.writeUInt16BE(length, 1);
    if (size.length === 9) size.writeBigUInt64BE(BigInt(length), 1);
    // The mask is there for proxies, of which there are none; with zeros the content stays as it is.
    this.#socket.write(Buffer.concat([Buffer.from([FINAL | kind]), size, Buffer.alloc(4), content]));
  }

  #take(chunk: Buffer): void {
    this.#held.push(chunk);
    this.#heldBytes += chunk.length;
    if (this.#heldBytes < this.#needed) return;
    let bytes = this.#held.length === 1 ? chunk : Buffer.concat(this.#held);
    for (;;) {
      const frame = frameIn(bytes);
      if (frame && frame.length > MAX_MESSAGE_BYTES) return void this.#socket.destroy();
      this.#needed = frame ? frame.from + frame.length : 0;
      if (!frame || bytes.length < this.#needed) break;
      const content = bytes.subarray(frame.from, this.#needed);
      bytes = bytes.subarray(this.#needed);
      this.#frame(frame, content);
    }
    this.#held = [bytes];
    this.#heldBytes = bytes.length;
  }

  #frame({ kind, final }: Frame, content: Buffer): void {
    if (kind === CLOSE) return void this.#socket.end();
    if (kind === PING) return this.#write(PONG, content);
    if (kind !== TEXT && kind !== CONTINUATION) return;
    this.#pieces.push(content);
    this.#size += content.length;
    if (this.#size > MAX_MESSAGE_BYTES) return void this.#socket.destroy();
    if (!final) return;
    const text = Buffer.concat(this.#pieces.splice(0)).toString();
    this.#size = 0;
    this.#write(PONG, Buffer.alloc(0));
    this.#events.message(text);
  }
}

interface Frame {
  readonly kind: number;
  readonly final: boolean;
  /** Where its content begins. */
  readonly from: number;
  readonly length: number;
}

/** undefined: not even its beginning is there. What a server sends has no mask. */
function frameIn(bytes: Buffer): Frame | undefined {
  if (bytes.length < 2) return undefined;
  const [first = 0, second = 0] = bytes;
  const kind = first & 0x0f;
  const final = (first & FINAL) !== 0;
  const short = second & 0x7f;
  if (short < 126) return { kind, final, from: 2, length: short };
  if (short === 126) return bytes.length < 4 ? undefined : { kind, final, from: 4, length: bytes.readUInt16BE(2) };
  return bytes.length < 10 ? undefined : { kind, final, from: 10, length: Number(bytes.readBigUInt64BE(2)) };
}

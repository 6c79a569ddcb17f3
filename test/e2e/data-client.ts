/** An independent end of the data channel: it writes and reads the frames itself, as PROTOCOL.md describes them. */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';

const WINDOW = 1024 * 1024;
const MAX_FRAME = 256 * 1024;
export const Kind = { data: 0, end: 1, credit: 2, reset: 3, stop: 4 } as const;

/** A pipe on which a client listens for the daemon. */
export class Pipe {
  readonly path: string;
  readonly #folder = mkdtempSync(join(tmpdir(), 'codebeaker-test-'));
  readonly #server: Server = createServer({ allowHalfOpen: true });
  readonly #socket: Promise<Socket>;

  constructor() {
    this.path = join(this.#folder, 'pipe');
    this.#socket = once(this.#server, 'connection').then(([socket]) => socket as Socket);
    this.#server.listen(this.path);
  }

  async listening(): Promise<void> {
    if (!this.#server.listening) await once(this.#server, 'listening');
  }

  /** The connection of the daemon. */
  get socket(): Promise<Socket> {
    return this.#socket;
  }

  close(): void {
    void this.#socket.then((socket) => socket.destroy());
    this.#server.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

interface Receiving {
  take(bytes: Buffer): void;
  ended(how: 'end' | 'reset'): void;
}

export class DataClient {
  readonly #socket: Duplex;
  readonly #receiving = new Map<number, Receiving>();
  /** For each stream of ours: how much may still be sent, and who waits for more. */
  readonly #room = new Map<number, { bytes: number; wake(): void }>();
  /** The streams of which the daemon wants nothing more. */
  readonly stopped: number[] = [];
  /** Whether what was received is credited by itself. */
  credits = true;
  #rest: Buffer = Buffer.alloc(0);
  /** The stream of the frame of data that is arriving, and how much of it is still to come. */
  #stream = 0;
  #left = 0;
  /** What was received of each stream and has not been credited. */
  readonly #owed = new Map<number, number>();

  constructor(socket: Duplex) {
    this.#socket = socket;
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => this.#feed(chunk));
  }

  frame(kind: number, stream: number, payload: Buffer = Buffer.alloc(0)): boolean {
    const header = Buffer.alloc(9);
    header.writeUInt32BE(payload.length, 0);
    header.writeUInt32BE(stream, 4);
    header[8] = kind;
    this.#socket.cork();
    this.#socket.write(header);
    const room = this.#socket.write(payload);
    this.#socket.uncork();
    return room;
  }

  credit(stream: number, bytes: number): void {
    const payload = Buffer.alloc(4);
    payload.writeUInt32BE(bytes);
    this.frame(Kind.credit, stream, payload);
  }

  /** Sends content on a stream within its window, and ends it. */
  async send(stream: number, content: Buffer): Promise<void> {
    const room = { bytes: WINDOW, wake: () => undefined as void };
    this.#room.set(stream, room);
    for (let at = 0; at < content.length; ) {
      while (room.bytes === 0) await new Promise<void>((resolve) => (room.wake = resolve));
      const piece = content.subarray(at, at + Math.min(MAX_FRAME, room.bytes));
      room.bytes -= piece.length;
      at += piece.length;
      if (!this.frame(Kind.data, stream, piece)) await once(this.#socket, 'drain');
    }
    this.frame(Kind.end, stream);
  }

  /** Resolves with how the stream ended. */
  receive(stream: number, take: (bytes: Buffer) => void): Promise<'end' | 'reset'> {
    return new Promise((resolve) => this.#receiving.set(stream, { take, ended: resolve }));
  }

  async collect(stream: number): Promise<Buffer> {
    const chunks: Buffer[] = [];
    const how = await this.receive(stream, (bytes) => void chunks.push(bytes));
    if (how !== 'end') throw new Error(`stream ${stream} was given up`);
    return Buffer.concat(chunks);
  }

  /** Bytes of data are passed on as they arrive, so that nothing is put together that need not be. */
  #feed(chunk: Buffer): void {
    let bytes = this.#rest.length > 0 ? Buffer.concat([this.#rest, chunk]) : chunk;
    for (;;) {
      if (this.#left > 0) {
        const piece = bytes.subarray(0, this.#left);
        bytes = bytes.subarray(piece.length);
        this.#left -= piece.length;
        if (piece.length > 0) this.#data(piece);
      }
      if (this.#left > 0 || bytes.length < 9) break;
      const [size, kind] = [bytes.readUInt32BE(0), bytes[8] as number];
      if (kind === Kind.data) {
        this.#stream = bytes.readUInt32BE(4);
        this.#left = size;
      } else if (bytes.length < 9 + size) break;
      else this.#take(kind, bytes.readUInt32BE(4), bytes.subarray(9, 9 + size));
      bytes = bytes.subarray(kind === Kind.data ? 9 : 9 + size);
    }
    this.#rest = bytes;
  }

  #data(piece: Buffer): void {
    this.#receiving.get(this.#stream)?.take(piece);
    if (!this.credits) return;
    const owed = (this.#owed.get(this.#stream) ?? 0) + piece.length;
    this.#owed.set(this.#stream, owed < WINDOW / 4 ? owed : 0);
    if (owed >= WINDOW / 4) this.credit(this.#stream, owed);
  }

  #take(kind: number, stream: number, payload: Buffer): void {
    const receiving = this.#receiving.get(stream);
    if (kind === Kind.credit) {
      const room = this.#room.get(stream);
      if (room) room.bytes += payload.readUInt32BE(0);
      room?.wake();
    } else if (kind === Kind.stop) {
      this.stopped.push(stream);
    } else {
      this.#owed.delete(stream);
      this.#receiving.delete(stream);
      receiving?.ended(kind === Kind.end ? 'end' : 'reset');
    }
  }
}

/** The client's end of a connection in memory. It writes raw bytes and reads messages, and shares no code with the daemon. */
import { PassThrough } from 'node:stream';
import type { ByteStream } from '../../server/src/wire/streams.ts';

/** A parsed message, whose members are not typed. */
export type Json = ReturnType<typeof JSON.parse>;

export interface Received {
  readonly jsonrpc: string;
  readonly id?: string | number | null;
  readonly method?: string;
  readonly params?: Json;
  readonly result?: Json;
  readonly error?: { code: number; message: string; data?: Json };
}

export function frame(body: string | Buffer | object, header?: string): Buffer {
  const bytes = Buffer.isBuffer(body) ? body : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  return Buffer.concat([Buffer.from(header ?? `Content-Length: ${bytes.length}\r\n\r\n`), bytes]);
}

export const request = (id: unknown, method: string, params?: unknown) => ({ jsonrpc: '2.0', id, method, params });
export const notification = (method: string, params?: unknown) => ({ jsonrpc: '2.0', method, params });

export class Wire {
  readonly input = new PassThrough();
  readonly output: PassThrough;
  readonly received: Received[] = [];
  readonly stream: ByteStream;
  disposed = false;
  #buffer = Buffer.alloc(0);
  #waiting: { matches: (message: Received) => boolean; resolve: (message: Received) => void }[] = [];

  /** A deaf client does not read before `listen` is called. */
  constructor({ deaf = false, highWaterMark = 16 * 1024 } = {}) {
    this.output = new PassThrough({ highWaterMark });
    this.stream = { input: this.input, output: this.output, dispose: () => void (this.disposed = true) };
    if (!deaf) this.listen();
  }

  listen(): void {
    this.output.on('data', (chunk: Buffer) => this.#read(chunk));
  }

  raw(...parts: (string | Buffer)[]): void {
    for (const part of parts) this.input.write(part);
  }

  send(...messages: object[]): void {
    this.raw(...messages.map((message) => frame(message)));
  }

  /** Sends a request and resolves with the answer to its id. */
  ask(id: unknown, method: string, params?: unknown): Promise<Received> {
    const answer = this.next((message) => message.id === id);
    this.send(request(id, method, params));
    return answer;
  }

  /** The first message that matches, also if it was received before the call. */
  async find(matches: (message: Received) => boolean): Promise<Received> {
    return this.received.find(matches) ?? this.next(matches);
  }

  /** The first message that matches and is received after the call. */
  next(matches: (message: Received) => boolean): Promise<Received> {
    return new Promise((resolve) => this.#waiting.push({ matches, resolve }));
  }

  #read(chunk: Buffer): void {
    this.#buffer = Buffer.concat([this.#buffer, chunk]);
    for (;;) {
      const match = /^Content-Length: (\d+)\r\n\r\n/.exec(this.#buffer.toString('latin1', 0, 64));
      if (!match) {
        if (this.#buffer.length >= 64) throw new Error('stdout carries something other than frames');
        return;
      }
      const end = match[0].length + Number(match[1]);
      if (this.#buffer.length < end) return;
      const message = JSON.parse(this.#buffer.toString('utf8', match[0].length, end)) as Received;
      this.#buffer = this.#buffer.subarray(end);
      this.received.push(message);
      const waiting = this.#waiting.filter(({ matches }) => matches(message));
      this.#waiting = this.#waiting.filter((one) => !waiting.includes(one));
      for (const { resolve } of waiting) resolve(message);
    }
  }
}

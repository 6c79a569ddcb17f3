/** The Debug Adapter Protocol on a pair of streams. */
import type { DebugProtocol } from '@vscode/debugprotocol';
import type { Readable, Writable } from 'node:stream';

/** A longer message of the client is not read. */
const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;
const MAX_HEADER_BYTES = 4096;

export class DapStream {
  readonly #input: Readable;
  readonly #output: Writable;
  #seq = 0;
  #held: Buffer = Buffer.alloc(0);

  constructor(input: Readable, output: Writable) {
    this.#input = input;
    this.#output = output;
  }

  /** @param ended called once, where the client is gone or sends what is no DAP */
  read(take: (request: DebugProtocol.Request) => void, ended: () => void): void {
    this.#input.on('data', (chunk: Buffer) => {
      try {
        this.#push(chunk, take);
      } catch {
        this.#input.destroy();
      }
    });
    this.#input.on('error', () => undefined);
    this.#input.on('close', ended);
  }

  send(message: { type: 'event'; event: string; body?: unknown } | Omit<DebugProtocol.Response, 'seq'>): void {
    const text = JSON.stringify({ seq: ++this.#seq, ...message });
    this.#output.write(`Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`);
  }

  /** Whether the client takes what is sent more slowly than it is sent. */
  get behind(): boolean {
    return this.#output.writableNeedDrain;
  }

  /** Calls `then` once the client has taken what was sent. */
  whenTaken(then: () => void): void {
    this.#output.once('drain', then);
  }

  #push(chunk: Buffer, take: (request: DebugProtocol.Request) => void): void {
    this.#held = Buffer.concat([this.#held, chunk]);
    for (;;) {
      const end = this.#held.subarray(0, MAX_HEADER_BYTES).indexOf('\r\n\r\n');
      if (end < 0) {
        if (this.#held.length > MAX_HEADER_BYTES) throw new Error('A header is too long.');
        return;
      }
      const length = Number(/content-length: *(\d+)/i.exec(this.#held.toString('latin1', 0, end))?.[1] ?? NaN);
      if (!(length <= MAX_MESSAGE_BYTES)) throw new Error('A message has no length, or is too long.');
      const from = end + 4;
      if (this.#held.length < from + length) return;
      const message = JSON.parse(this.#held.toString('utf8', from, from + length)) as DebugProtocol.Request;
      this.#held = this.#held.subarray(from + length);
      if (message.type === 'request') take(message);
    }
  }
}

/** The Debug Adapter Protocol on a pair of streams. */
import type { DebugProtocol } from '@vscode/debugprotocol';
import type { Readable, Writable } from 'node:stream';
import { FrameParser } from '../../wire/frames.ts';

/** A longer message of the client is not read. */
const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;

export class DapStream {
  readonly #input: Readable;
  readonly #output: Writable;
  #seq = 0;
  #room: Promise<void> | undefined;

  constructor(input: Readable, output: Writable) {
    this.#input = input;
    this.#output = output;
  }

  /** @param ended called once, where the client is gone or sends what is no DAP */
  read(take: (request: DebugProtocol.Request) => void, ended: () => void): void {
    const end = () => {
      parser.stop();
      this.#input.destroy();
    };
    const body = (bytes: Buffer) => {
      const request = requestOf(bytes);
      if (!request) end();
      else if (request.type === 'request') take(request);
    };
    const parser = new FrameParser({ body, refused: end, lost: end }, MAX_MESSAGE_BYTES);
    this.#input.on('data', (chunk: Buffer) => parser.push(chunk));
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

  /** Resolves when the client has taken what was sent, or nothing waits for it. */
  async room(): Promise<void> {
    if (!this.behind) return;
    this.#room ??= new Promise((resolve) => this.#output.once('drain', () => {
      this.#room = undefined;
      resolve();
    }));
    await this.#room;
  }
}

/** undefined: it is no JSON. */
function requestOf(bytes: Buffer): DebugProtocol.Request | undefined {
  try {
    return JSON.parse(bytes.toString()) as DebugProtocol.Request;
  } catch {
    return undefined;
  }
}

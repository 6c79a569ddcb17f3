/** The two targets of a command's output: a stream to the client, or the result of the command. */
import { StringDecoder } from 'node:string_decoder';
import type { TextEncoding } from '../protocol/index.ts';
import type { Stream } from '../runtime/ports.ts';

/** A piece of output for the client. `bytes` is its size before encoding, which flow control counts. */
export interface OutputPiece {
  readonly stream: Stream;
  readonly data: string;
  readonly encoding: TextEncoding;
  readonly bytes: number;
}

/** Resolves when the next piece may be sent. */
export type SendOutput = (piece: OutputPiece) => Promise<void>;

export interface OutputTarget {
  take(stream: Stream, chunk: Buffer): void | Promise<void>;
  /** Called after the last byte. If the output ends within a character, this sends U+FFFD for it. */
  flush(): Promise<void>;
  /** The part of the output that belongs into the result. */
  readonly result: { stdout?: string; stderr?: string };
  readonly truncated: boolean;
}

/** How much of each stream the result contains. The rest is counted and dropped. */
const MAX_RESULT_BYTES = 1024 * 1024;

/** One decoder for each stream. It keeps the bytes of an incomplete character, so that characters are never split. */
class Decoders {
  readonly #encoding: TextEncoding;
  readonly #decoders = new Map<Stream, StringDecoder>();

  constructor(encoding: TextEncoding) {
    this.#encoding = encoding;
  }

  write(stream: Stream, chunk: Buffer): string {
    if (this.#encoding === 'base64') return chunk.toString('base64');
    let decoder = this.#decoders.get(stream);
    if (!decoder) this.#decoders.set(stream, (decoder = new StringDecoder('utf8')));
    return decoder.write(chunk);
  }

  /** U+FFFD for each stream that ended within a character. */
  rest(): [Stream, string][] {
    return [...this.#decoders].map(([stream, decoder]) => [stream, decoder.end()]);
  }
}

export class StreamedOutput implements OutputTarget {
  readonly result = {};
  readonly truncated = false;
  readonly #send: SendOutput;
  readonly #encoding: TextEncoding;
  readonly #maxBytes: number;
  readonly #decoders: Decoders;

  constructor(send: SendOutput, encoding: TextEncoding, maxBytes: number) {
    this.#send = send;
    this.#encoding = encoding;
    this.#maxBytes = maxBytes;
    this.#decoders = new Decoders(encoding);
  }

  async take(stream: Stream, chunk: Buffer): Promise<void> {
    for (let at = 0; at < chunk.length; at += this.#maxBytes) {
      const piece = chunk.subarray(at, at + this.#maxBytes);
      const data = this.#decoders.write(stream, piece);
      if (data) await this.#send({ stream, data, encoding: this.#encoding, bytes: piece.length });
    }
  }

  async flush(): Promise<void> {
    for (const [stream, data] of this.#decoders.rest()) {
      if (data) await this.#send({ stream, data, encoding: this.#encoding, bytes: Buffer.byteLength(data) });
    }
  }
}

/** Collects the output for the result. The output of a terminal is one stream, which becomes stdout. */
export class CollectedOutput implements OutputTarget {
  readonly #encoding: TextEncoding;
  readonly #cut = new Set<'stdout' | 'stderr'>();
  readonly #chunks = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
  readonly #bytes = { stdout: 0, stderr: 0 };

  constructor(encoding: TextEncoding) {
    this.#encoding = encoding;
  }

  take(stream: Stream, chunk: Buffer): void {
    const name = stream === 'stderr' ? 'stderr' : 'stdout';
    const room = MAX_RESULT_BYTES - this.#bytes[name];
    if (chunk.length > room) this.#cut.add(name);
    if (room <= 0) return;
    this.#chunks[name].push(Buffer.from(chunk.subarray(0, room)));
    this.#bytes[name] += Math.min(room, chunk.length);
  }

  async flush(): Promise<void> {
    // Nothing to do: everything is decoded together, in `result`.
  }

  get truncated(): boolean {
    return this.#cut.size > 0;
  }

  get result(): { stdout: string; stderr: string } {
    return { stdout: this.#text('stdout'), stderr: this.#text('stderr') };
  }

  /** A character that the maximum cut off is left out. A character that the program itself did not complete becomes U+FFFD. */
  #text(name: 'stdout' | 'stderr'): string {
    const bytes = Buffer.concat(this.#chunks[name]);
    if (this.#encoding === 'base64') return bytes.toString('base64');
    const decoder = new StringDecoder('utf8');
    return decoder.write(bytes) + (this.#cut.has(name) ? '' : decoder.end());
  }
}

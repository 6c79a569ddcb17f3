/** The data channel of a connection: raw bytes of files and of output, in streams of one direction each, with a window each. */
import type { Log } from '../../base/log.ts';
import { invalidParam } from '../../protocol/index.ts';
import { DataFrameReader, FrameKind, header } from './frames.ts';
import { Inbound } from './inbound-stream.ts';
import type { DataLink } from './link.ts';
import { Outbound, type StreamHeard } from './outbound-stream.ts';

export type { Outbound as SentStream, StreamHeard } from './outbound-stream.ts';

/** So many streams of the client may be there that no request has named yet, or that are to be forgotten when they end. */
const MAX_UNCLAIMED = 256;

/**
 * Invariant: at most the window of a stream is on its way and not taken, in both directions. A client that sends more, or
 * anything that makes no sense, loses the channel.
 */
export class DataChannel {
  readonly #link: DataLink;
  readonly #log: Log;
  readonly #inbound = new Map<number, Inbound>();
  readonly #outbound = new Map<number, Outbound>();
  #open = true;

  constructor(link: DataLink, log: Log) {
    this.#link = link;
    this.#log = log;
    const reader = new DataFrameReader({
      data: (stream, bytes) => this.#begun(stream).push(bytes),
      frame: (kind, stream, payload) => this.#frame(kind, stream, payload),
    });
    link.receive((bytes) => {
      if (!this.#open) return;
      try {
        reader.feed(bytes);
      } catch (fault) {
        log.warn(`the data channel is closed, because the client misused it: ${(fault as Error).message}`);
        this.close();
      }
    }, () => this.close());
  }

  /** The stream of the client with this number. The caller closes it. @throws ProtocolError InvalidParams where it has been taken already */
  receive(stream: number): Inbound {
    const inbound = this.#inboundOf(stream);
    inbound.claim();
    return inbound;
  }

  /** Whether there is a stream to the client with this number. */
  sends(stream: number): boolean {
    return this.#outbound.has(stream);
  }

  /** A stream to the client with this number. The caller ends it. @throws ProtocolError InvalidParams where there is one */
  send(stream: number, heard?: StreamHeard): Outbound {
    if (this.#outbound.has(stream)) throw invalidParam('stream', `stream ${stream} is in use`);
    const outbound = new Outbound({
      frame: (kind, payload) => this.#send(kind, stream, payload),
      gone: () => this.#outbound.delete(stream),
    }, heard);
    if (this.#open) this.#outbound.set(stream, outbound);
    else outbound.lose();
    return outbound;
  }

  /** Streams that are being received fail, and what is being sent is dropped. Idempotent. */
  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#log.debug('the data channel has closed');
    for (const inbound of this.#inbound.values()) inbound.fail('the data channel has closed');
    for (const outbound of [...this.#outbound.values()]) outbound.lose();
    this.#inbound.clear();
    this.#link.close();
  }

  #send(kind: number, stream: number, payload?: Buffer): Promise<void> {
    return this.#open ? this.#link.send(header(kind, stream, payload?.length ?? 0), payload) : Promise.resolve();
  }

  /** @throws Error where the frame makes no sense */
  #frame(kind: number, stream: number, payload: Buffer): void {
    switch (kind) {
      case FrameKind.end:
        return this.#begun(stream).end();
      case FrameKind.credit:
        if (payload.length !== 4) throw new Error('a frame of credit has 4 bytes');
        return this.#outbound.get(stream)?.grant(payload.readUInt32BE(0));
      case FrameKind.reset:
        return this.#begun(stream).fail('the client has given it up');
      case FrameKind.stop:
        return this.#outbound.get(stream)?.stop();
      default:
        throw new Error(`there is no frame of kind ${kind}`);
    }
  }

  #inboundOf(stream: number): Inbound {
    const known = this.#inbound.get(stream);
    if (known) return known;
    const inbound = new Inbound(stream, {
      credit: (bytes) => void this.#send(FrameKind.credit, stream, u32(bytes)),
      stop: () => void this.#send(FrameKind.stop, stream),
      gone: () => this.#inbound.delete(stream),
    });
    if (!this.#open) inbound.fail('the data channel has closed');
    else this.#inbound.set(stream, inbound);
    this.#bound();
    return inbound;
  }

  /** The stream of a frame. The number of one that was given up before a request named it may be used again. */
  #begun(stream: number): Inbound {
    if (this.#inbound.get(stream)?.abandoned) this.#inbound.delete(stream);
    return this.#inboundOf(stream);
  }

  /** Streams that were given up are forgotten first. @throws Error where there are too many others */
  #bound(): void {
    const unclaimed = [...this.#inbound].filter(([, { claimed }]) => !claimed);
    if (unclaimed.length <= MAX_UNCLAIMED) return;
    const [oldest] = unclaimed.find(([, { abandoned }]) => abandoned) ?? [];
    if (oldest === undefined) throw new Error('too many streams have been begun');
    this.#inbound.delete(oldest);
  }
}

function u32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** What commands know of the data channel: streams of raw bytes from and to the client, by their numbers. */
import { invalidParam } from '../protocol/index.ts';

/** Bytes from the client. Iterating rejects with a ProtocolError where they end before they are complete. */
export interface IncomingStream extends AsyncIterable<Buffer> {
  /** Must be called when nothing more is read. */
  close(): void;
}

export interface OutgoingStream {
  /** Whether the client takes nothing more. What is sent then is dropped. */
  readonly cancelled: boolean;
  /** Resolves when the next bytes may be sent; never rejects. `bytes` may not be changed any more. */
  send(bytes: Buffer): Promise<void>;
  /** Everything has been sent. */
  end(): void;
  /** What was sent is not complete, and nothing follows. */
  reset(): void;
}

export interface DataStreams {
  /** @throws ProtocolError InvalidParams where the number is in use */
  receive(stream: number): IncomingStream;
  /** @throws ProtocolError InvalidParams where the number is in use */
  send(stream: number): OutgoingStream;
}

/** `field`: the param that asks for the channel. @throws ProtocolError InvalidParams where the connection has none */
export function requireStreams(streams: DataStreams | undefined, field: string): DataStreams {
  if (streams) return streams;
  throw invalidParam(field, 'this connection has no data channel; ask for one in initialize, with capabilities.channels.data');
}

/** Closes the stream when the work has ended, or `signal` aborts first. */
export async function endingWith<T>(signal: AbortSignal, stream: { close(): void }, work: () => Promise<T>): Promise<T> {
  const close = () => stream.close();
  signal.addEventListener('abort', close, { once: true });
  try {
    return await work();
  } finally {
    signal.removeEventListener('abort', close);
    close();
  }
}

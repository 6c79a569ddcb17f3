/** What carries the frames of a data channel, and the one over a byte stream. */
import type { ByteStream } from '../streams.ts';

export interface DataLink {
  /** Calls `take` with all bytes that arrive, and `ended` once when nothing more will. It is called once. */
  receive(take: (bytes: Buffer) => void, ended: () => void): void;
  /** Sends both, one behind the other. Resolves when there is room for more, or the link has ended. Never rejects. */
  send(header: Buffer, payload?: Buffer): Promise<void>;
  close(): void;
}

/** Invariant: all who wait for room resume when there is room, or when the stream has closed. */
export function streamLink({ input, output, dispose }: ByteStream): DataLink {
  let full: (() => void)[] = [];
  const resume = () => {
    const waiting = full;
    full = [];
    for (const each of waiting) each();
  };
  // These listeners are never removed, because an error event without a listener would end the process.
  input.on('error', () => undefined);
  output.on('error', resume).on('close', resume).on('drain', resume);
  return {
    receive(take, ended) {
      if (input.destroyed || input.readableEnded) return ended();
      input.on('data', take).once('close', ended).once('end', ended);
    },
    send(header, payload) {
      if (output.destroyed) return Promise.resolve();
      output.cork();
      let room = output.write(header);
      if (payload) room = output.write(payload);
      output.uncork();
      return room ? Promise.resolve() : new Promise((resolve) => void full.push(resolve));
    },
    close: dispose,
  };
}

/** Writes to a stream that may be slow. */
import type { Writable } from 'node:stream';

/** Resolves when the stream takes more. A stream that can't be written to, or is closed meanwhile, drops the bytes: that is no fault. */
export function writeTo(stream: Writable, bytes: Buffer | string): Promise<void> {
  if (!stream.writable || stream.write(bytes)) return Promise.resolve();
  return new Promise((resolve) => {
    const settle = () => {
      stream.off('drain', settle);
      stream.off('close', settle);
      resolve();
    };
    stream.on('drain', settle);
    stream.on('close', settle);
  });
}

/** Writes to a stream that may be slow. */
import type { Writable } from 'node:stream';

/**
 * Writes `bytes`, and `more` behind them. Resolves when the stream takes more. A stream that can't be written to, or is
 * closed meanwhile, drops the bytes: that is no fault.
 */
export function writeTo(stream: Writable, bytes: Buffer | string, more?: Buffer): Promise<void> {
  if (!stream.writable || write(stream, bytes, more)) return Promise.resolve();
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

/** Both go out in one call of the system. Returns whether the stream takes more at once. */
export function write(stream: Writable, bytes: Buffer | string, more?: Buffer): boolean {
  if (!more) return stream.write(bytes);
  stream.cork();
  stream.write(bytes);
  const taken = stream.write(more);
  stream.uncork();
  return taken;
}

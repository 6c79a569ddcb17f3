/** File commands whose content goes over the data channel, whatever its size. */
import { Sha256 } from '../base/sha256.ts';
import type { Files, WriteOptions } from '../runtime/ports.ts';
import type { IncomingStream, OutgoingStream } from './streams.ts';

/** The next piece is read while this one is sent, so at most twice this much is kept. */
const PIECE_BYTES = 2 * 1024 * 1024;

/** Sends the content from `offset` on, at most `length` bytes. A file that grows or shrinks meanwhile is sent as it is then. */
export async function sendFile(files: Files, path: string, { offset, length }: { offset: number; length: number }, stream: OutgoingStream): Promise<{ size: number; bytes: number }> {
  let at = offset;
  const end = offset + length;
  const next = () => files.read(path, at, Math.min(PIECE_BYTES, end - at));
  let piece = await next();
  for (;;) {
    const { bytes, size } = piece;
    at += bytes.length;
    const more = bytes.length > 0 && at < Math.min(end, size) && !stream.cancelled ? next() : undefined;
    // It is waited for below.
    more?.catch(() => undefined);
    await stream.send(bytes);
    if (!more) return { size, bytes: at - offset };
    piece = await more;
  }
}

/** Writes what comes, until its end. What becomes of the file if it is not complete is said at `Files.write`. */
export async function receiveFile(files: Files, path: string, options: WriteOptions, stream: IncomingStream): Promise<{ bytes: number; sha256: string }> {
  const digest = new Sha256();
  let bytes = 0;
  const content = async function* () {
    for await (const chunk of stream) {
      bytes += chunk.length;
      yield chunk;
      await digest.update(chunk);
    }
  };
  try {
    await files.write(path, content(), options);
    return { bytes, sha256: await digest.digest() };
  } finally {
    digest.close();
  }
}

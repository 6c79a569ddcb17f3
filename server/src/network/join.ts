/** Joins two streams: what comes from one goes to the other. Each direction has its own end, and what one side cuts off is cut off on the other. */
import type { Duplex } from 'node:stream';

/** `moved` is called with the number of bytes of each piece. Resolves when both streams are closed; never rejects. */
export async function join(one: Duplex, two: Duplex, moved: (bytes: number) => void): Promise<void> {
  const closed = [follow(one, two), follow(two, one)];
  pump(one, two, moved);
  pump(two, one, moved);
  await Promise.all(closed);
}

function pump(from: Duplex, to: Duplex, moved: (bytes: number) => void): void {
  from.on('data', (chunk: Buffer) => {
    moved(chunk.length);
    if (!to.destroyed && !to.write(chunk)) from.pause();
  });
  to.on('drain', () => from.resume());
  from.on('end', () => to.end());
}

/** Resolves when `stream` is closed. What it has sent until its end still arrives at `other`; if it was cut off before that, so is `other`. */
function follow(stream: Duplex, other: Duplex): Promise<void> {
  return new Promise((resolve) => {
    let failed = stream.destroyed;
    const close = () => {
      if (failed || !stream.readableEnded) other.destroy();
      else if (!stream.writableFinished && !other.writableFinished) other.once('finish', () => other.destroy());
      else if (!stream.writableFinished) other.destroy();
      resolve();
    };
    stream.on('error', () => {
      failed = true;
    });
    if (failed) close();
    else stream.once('close', close);
  });
}

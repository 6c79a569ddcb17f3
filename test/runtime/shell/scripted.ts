/** A shell that a test plays. */
import { deferred } from '../../../server/src/base/promises.ts';
import type { Stream } from '../../../server/src/runtime/ports.ts';
import type { Channel } from '../../../server/src/runtime/shell/channel.ts';

/** A channel whose other end is the test: it sees the lines and says what it likes. */
export class ScriptedChannel implements Channel {
  readonly lines: string[] = [];
  readonly #closed = deferred();
  readonly closed = this.#closed.promise;
  destroyed = false;
  say: (stream: Stream, text: string | Buffer) => void | Promise<void> = () => undefined;

  async write(bytes: Buffer | string): Promise<void> {
    this.lines.push(bytes.toString());
  }

  end(): void {
    this.#closed.resolve();
  }

  listen(sink: (stream: Stream, chunk: Buffer) => void | Promise<void>): void {
    this.say = (stream, text) => sink(stream, Buffer.from(text));
  }

  destroy(): void {
    this.destroyed = true;
    this.#closed.resolve();
  }
}

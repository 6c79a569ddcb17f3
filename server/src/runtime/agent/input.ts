/** The input of a program, which is sent as fast as the program takes it. */
import { deferred, type Deferred } from '../../base/promises.ts';
import { STDIN_WINDOW_BYTES } from './frames.ts';

export class ProgramInput {
  readonly #send: (bytes: Buffer) => void;
  readonly #waiting: { bytes: Buffer; sent: Deferred<void> }[] = [];
  #room = STDIN_WINDOW_BYTES;

  constructor(send: (bytes: Buffer) => void) {
    this.#send = send;
  }

  /** Resolves when all of it has been sent, or nobody takes it any more. */
  write(bytes: Buffer): Promise<void> {
    const sent = deferred();
    this.#waiting.push({ bytes, sent });
    this.#feed();
    return sent.promise;
  }

  /** Calls `send` when all that was written so far has been sent: at once, if that is so. */
  afterAll(send: () => void): void {
    const last = this.#waiting.at(-1);
    if (last) void last.sent.promise.then(send);
    else send();
  }

  /** The program has taken so much. @throws Error where that is more than was sent */
  taken(bytes: number): void {
    this.#room += bytes;
    if (this.#room > STDIN_WINDOW_BYTES) throw new Error('an agent took more input than there was');
    this.#feed();
  }

  /** Nobody takes it any more. */
  drop(): void {
    for (const { sent } of this.#waiting.splice(0)) sent.resolve();
  }

  /** Sends as much as the agent has room for. */
  #feed(): void {
    for (let first = this.#waiting[0]; first && this.#room > 0; first = this.#waiting[0]) {
      const piece = first.bytes.subarray(0, this.#room);
      this.#room -= piece.length;
      this.#send(piece);
      first.bytes = first.bytes.subarray(piece.length);
      if (first.bytes.length > 0) return;
      this.#waiting.shift();
      first.sent.resolve();
    }
  }
}

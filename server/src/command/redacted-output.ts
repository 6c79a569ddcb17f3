/** The target of the output of a session with secrets: it takes them out before another target gets the output. */
import type { Stream } from '../runtime/ports.ts';
import type { Redactor } from '../secrets/redactor.ts';
import type { OutputTarget } from './output.ts';

/**
 * What is held back when the command is made to end is never given out, because the end of a secret may be missing; so a
 * limit of the output can't be used to see a part of it.
 */
export class RedactedOutput implements OutputTarget {
  readonly #target: OutputTarget;
  readonly #make: () => Redactor;
  readonly #redactors = new Map<Stream, Redactor>();

  constructor(target: OutputTarget, make: () => Redactor) {
    this.#target = target;
    this.#make = make;
  }

  take(stream: Stream, chunk: Buffer): void | Promise<void> {
    let redactor = this.#redactors.get(stream);
    if (!redactor) this.#redactors.set(stream, (redactor = this.#make()));
    return this.#pass(stream, redactor.push(chunk));
  }

  async flush(): Promise<void> {
    for (const [stream, redactor] of this.#redactors) await this.#pass(stream, redactor.rest());
    await this.#target.flush();
  }

  get result(): OutputTarget['result'] {
    return this.#target.result;
  }

  get truncated(): boolean {
    return this.#target.truncated;
  }

  #pass(stream: Stream, bytes: Buffer): void | Promise<void> {
    return bytes.length > 0 ? this.#target.take(stream, bytes) : undefined;
  }
}

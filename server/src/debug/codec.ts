/** Reads the stream of one side, and frames messages for it. An adapter may be hostile: what is kept of it has a maximum, and the first fault is the last. */
import { FrameParser } from '../wire/frames.ts';
import { type DapMessage, MAX_MESSAGE_BYTES, messageOf } from './dap.ts';

export class DapReader {
  readonly #parser: FrameParser;
  #messages: DapMessage[] = [];
  #fault: string | undefined;

  constructor(maxBytes = MAX_MESSAGE_BYTES) {
    this.#parser = new FrameParser({
      body: (bytes) => this.#body(bytes),
      refused: () => this.#fail('it sent a message whose header or size is beyond what is allowed'),
      lost: () => this.#fail('it sent something that is no message'),
    }, maxBytes);
  }

  /** Why nothing more is read. undefined: there is no reason. */
  get fault(): string | undefined {
    return this.#fault;
  }

  /** How many bytes it keeps of a message that has not arrived in full. */
  get bufferedBytes(): number {
    return this.#parser.bufferedBytes;
  }

  /** The messages that are whole now, in order. Those before a fault are among them. */
  push(chunk: Buffer): DapMessage[] {
    if (this.#fault === undefined) this.#parser.push(chunk);
    const messages = this.#messages;
    this.#messages = [];
    return messages;
  }

  #body(bytes: Buffer): void {
    const message = messageOf(parsed(bytes));
    if (message) this.#messages.push(message);
    else this.#fail('it sent JSON that is no message of the Debug Adapter Protocol');
  }

  #fail(fault: string): void {
    this.#fault ??= fault;
    this.#parser.stop();
  }
}

function parsed(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString()) as unknown;
  } catch {
    return undefined;
  }
}

export function framed(message: DapMessage): Buffer {
  const body = Buffer.from(JSON.stringify(message));
  return Buffer.concat([Buffer.from(`Content-Length: ${body.length}\r\n\r\n`), body]);
}

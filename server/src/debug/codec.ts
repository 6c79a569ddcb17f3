/** Reads the stream of one side, and frames messages for it. An adapter may be hostile: what is kept of it has a maximum, and the first fault is the last. */
import { FrameParser } from '../wire/frames.ts';
import { type DapMessage, MAX_MESSAGE_BYTES, messageOf } from './dap.ts';

/** A message has at most so many values: each takes many times more memory and time than its bytes. */
const MAX_VALUES = 250_000;
const [QUOTE, BACKSLASH, COMMA, BRACKET, BRACE] = [...'"\\,[{'].map((sign) => sign.charCodeAt(0)) as [number, number, number, number, number];

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

  /** Whether something has arrived that is no whole message. */
  get inMessage(): boolean {
    return this.#parser.inMessage;
  }

  /** The messages that are whole now, in order. Those before a fault are among them. */
  push(chunk: Buffer): DapMessage[] {
    if (this.#fault === undefined) this.#parser.push(chunk);
    const messages = this.#messages;
    this.#messages = [];
    return messages;
  }

  #body(bytes: Buffer): void {
    if (hasTooMany(bytes)) return this.#fail(`it sent a message with more than ${MAX_VALUES} values`);
    const message = messageOf(parsed(bytes));
    if (message) this.#messages.push(message);
    else this.#fail('it sent JSON that is no message of the Debug Adapter Protocol');
  }

  #fail(fault: string): void {
    this.#fault ??= fault;
    this.#parser.stop();
  }
}

/** Whether JSON has more values than a message may have. */
function hasTooMany(bytes: Buffer): boolean {
  if (bytes.length <= MAX_VALUES) return false;
  let values = 0;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at];
    if (byte === QUOTE) at = endOfText(bytes, at);
    // Lists, objects, and what follows another value in one of them.
    else if ((byte === COMMA || byte === BRACKET || byte === BRACE) && ++values > MAX_VALUES) return true;
  }
  return false;
}

/** Where the text ends that begins at `start`. */
function endOfText(bytes: Buffer, start: number): number {
  for (let end = bytes.indexOf(QUOTE, start + 1); end > 0; end = bytes.indexOf(QUOTE, end + 1)) {
    let backslashes = 0;
    while (bytes[end - 1 - backslashes] === BACKSLASH) backslashes++;
    if (backslashes % 2 === 0) return end;
  }
  return bytes.length;
}

function parsed(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString()) as unknown;
  } catch {
    return undefined;
  }
}

/** A message of the client, framed. undefined: it is too large, or nested too deeply to be written. */
export function writable(message: DapMessage): Buffer | undefined {
  try {
    const bytes = framed(message);
    return bytes.length > MAX_MESSAGE_BYTES ? undefined : bytes;
  } catch {
    return undefined;
  }
}

export function framed(message: DapMessage): Buffer {
  const body = Buffer.from(JSON.stringify(message));
  return Buffer.concat([Buffer.from(`Content-Length: ${body.length}\r\n\r\n`), body]);
}

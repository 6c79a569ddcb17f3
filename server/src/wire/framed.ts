/** A message transport over a byte stream, with LSP's framing: a header with `Content-Length: N`, and a body. */
import type { Log } from '../base/log.ts';
import { FrameParser } from './frames.ts';
import type { MessageSink, PassingTransport } from './message-transport.ts';
import { headerOf, Outlet, withHeader } from './outlet.ts';
import type { ByteStream } from './streams.ts';

export class FramedTransport implements PassingTransport {
  readonly #stream: ByteStream;
  readonly #log: Log;
  readonly #outlet: Outlet;
  readonly #parser: FrameParser;
  #sink: MessageSink | undefined;
  readonly #onData = (chunk: Buffer) => this.#read(chunk);
  readonly #onEnd = () => this.#end(this.#parser.inMessage ? 'within' : 'between');

  /** `maxMessageBytes`: a longer message is skipped, and answered with an error. */
  constructor(stream: ByteStream, log: Log, maxMessageBytes: number) {
    this.#stream = stream;
    this.#log = log;
    this.#outlet = new Outlet(stream.output, { sent: () => this.#sink?.sent(), gone: (fault) => this.#sink?.gone(fault) }, withHeader);
    this.#parser = new FrameParser({
      body: (bytes) => this.#sink?.message(bytes),
      refused: (reason) => this.#sink?.refused(reason),
      lost: (lost) => this.#end({ lost }),
    }, maxMessageBytes);
    // This listener is never removed, because an error event without a listener would end the process.
    stream.input.on('error', (fault) => log.info('reading from the client failed', fault));
  }

  /** The state of the message that has been received only in part. */
  get partial(): Pick<FrameParser, 'bufferedBytes' | 'missingBytes' | 'inMessage'> {
    return this.#parser;
  }

  get unsentBytes(): number {
    return this.#outlet.unsentBytes;
  }

  receive(sink: MessageSink): void {
    const { input } = this.#stream;
    this.#sink = sink;
    if (input.destroyed || input.readableEnded) this.#onEnd();
    else input.on('data', this.#onData).on('end', this.#onEnd).on('close', this.#onEnd);
  }

  stop(): void {
    this.#parser.stop();
    this.#stream.input.off('data', this.#onData).off('end', this.#onEnd).off('close', this.#onEnd);
  }

  pause(): void {
    this.#stream.input.pause();
  }

  resume(): void {
    this.#stream.input.resume();
  }

  send(message: object): Promise<void> {
    return this.#outlet.send(message);
  }

  pass(body: Buffer): Promise<void> {
    void this.#outlet.pass(headerOf(body));
    return this.#outlet.pass(body);
  }

  flushed(): Promise<void> {
    return this.#outlet.flushed();
  }

  close(): void {
    this.#stream.dispose();
  }

  /** If an error in the daemon makes this fail, one chunk is lost and not the whole process. */
  #read(chunk: Buffer): void {
    try {
      this.#parser.push(chunk);
    } catch (fault) {
      this.#log.error('a chunk of the input could not be handled', fault);
    }
  }

  #end(how: Parameters<MessageSink['ended']>[0]): void {
    this.stop();
    this.#sink?.ended(how);
  }
}

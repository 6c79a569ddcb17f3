/** One side of a bridge, in memory: what it was sent, and whether it is read. */
import type { MessageSink, PassingTransport } from '../../server/src/wire/message-transport.ts';

export class Side implements PassingTransport {
  readonly got: string[] = [];
  paused = false;
  unsentBytes = 0;
  sink!: MessageSink;

  receive(sink: MessageSink): void {
    this.sink = sink;
  }

  /** The message comes from this side. */
  says(message: object | string): void {
    this.sink.message(Buffer.from(typeof message === 'string' ? message : JSON.stringify(message)));
  }

  /** This side has taken all but so many bytes. */
  takes(left: number): void {
    this.unsentBytes = left;
    this.sink.sent();
  }

  get messages(): any[] {
    return this.got.map((text) => JSON.parse(text) as unknown);
  }

  async send(message: object): Promise<void> {
    this.got.push(JSON.stringify(message));
  }

  async pass(body: Buffer): Promise<void> {
    this.got.push(body.toString());
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
  }

  async flushed(): Promise<void> {}
  stop(): void {}
  close(): void {}
}

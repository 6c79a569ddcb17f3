/** Output that goes over the data channel as raw bytes. */
import type { OutputStreams } from '../protocol/index.ts';
import type { Stream } from '../runtime/ports.ts';
import type { OutputTarget } from './output.ts';
import type { OutgoingStream } from './streams.ts';

/** Opens the stream for one output of a command. @throws ProtocolError InvalidParams where the number is in use */
export type OpenOutput = (stream: number, name: 'stdout' | 'stderr') => OutgoingStream;

/** The streams to which the output of one command goes. */
export class RawStreams {
  readonly #streams = new Map<'stdout' | 'stderr', OutgoingStream>();

  /** @throws ProtocolError InvalidParams where the number of a stream is in use */
  constructor(numbers: OutputStreams, open: OpenOutput) {
    try {
      for (const name of ['stdout', 'stderr'] as const) {
        const number = numbers[name];
        if (number !== undefined) this.#streams.set(name, open(number, name));
      }
    } catch (fault) {
      this.close();
      throw fault;
    }
  }

  /** `others` takes the output that has no stream. */
  target(others: OutputTarget): OutputTarget {
    return new RawOutput(this.#streams, others);
  }

  /** Gives up the streams to which not everything was sent. */
  close(): void {
    for (const stream of this.#streams.values()) stream.reset();
  }
}

class RawOutput implements OutputTarget {
  readonly #streams: ReadonlyMap<'stdout' | 'stderr', OutgoingStream>;
  readonly #others: OutputTarget;
  #cut = false;

  constructor(streams: ReadonlyMap<'stdout' | 'stderr', OutgoingStream>, others: OutputTarget) {
    this.#streams = streams;
    this.#others = others;
  }

  take(stream: Stream, chunk: Buffer): void | Promise<void> {
    const raw = this.#streams.get(stream === 'stderr' ? 'stderr' : 'stdout');
    if (!raw) return this.#others.take(stream, chunk);
    if (!raw.cancelled) return raw.send(chunk);
    this.#cut = true;
  }

  flush(): Promise<void> {
    for (const raw of this.#streams.values()) raw.end();
    return this.#others.flush();
  }

  get result(): OutputTarget['result'] {
    return this.#others.result;
  }

  /** Also where the client gave a stream up. */
  get truncated(): boolean {
    return this.#cut || this.#others.truncated;
  }
}

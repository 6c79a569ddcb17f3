/** A command that goes on when its client is lost, and whose result the next one can ask for. */
import type { OpenOutput } from '../../command/raw-output.ts';
import type { RunningCommand } from '../../command/running-command.ts';
import type { KeptCommand as View, ResumedStreams } from '../../protocol/index.ts';
import { invalidParam } from '../../protocol/index.ts';
import type { DataChannel } from '../../wire/channels/data-channel.ts';
import type { Client } from '../../wire/service.ts';
import type { OutputFlow } from '../flow.ts';
import type { Desk } from './desk.ts';
import { KeptStream } from './kept-stream.ts';

export class KeptCommand {
  readonly commandId: string;
  /** Aborts when the client cancels the request that began it, and not when its connection is lost. By it a handler finds the command. */
  readonly signal: AbortSignal;
  #result: Promise<unknown> = Promise.reject(new Error('invariant: a command begins before it is waited for'));
  #running: RunningCommand | undefined;
  #flow: OutputFlow | undefined;
  readonly #streams = new Map<'stdout' | 'stderr', KeptStream>();
  #ended = false;
  /** Those who wait for the end. */
  readonly #waiting = new Set<() => void>();

  constructor(commandId: string, signal: AbortSignal) {
    this.commandId = commandId;
    this.signal = signal;
    this.#result.catch(() => undefined);
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** What its request is answered with. */
  get result(): Promise<unknown> {
    return this.#result;
  }

  get keptBytes(): number {
    return [...this.#streams.values()].reduce((sum, { keptBytes }) => sum + keptBytes, this.#flow?.keptBytes ?? 0);
  }

  /** The client of this desk can name it no longer, because it has ended. */
  leave({ commands }: Desk): void {
    if (this.#running) commands.remove(this.#running);
  }

  /** `ended` is called when the result is there. */
  begin(result: Promise<unknown>, ended: () => void): void {
    this.#result = result;
    const end = () => {
      this.#ended = true;
      ended();
      for (const settle of this.#waiting) settle();
    };
    result.then(end, end);
  }

  /**
   * Resolves when the result is there, or rejects with the reason of the first of the signals that aborts before. A promise of
   * the result would hold whatever waits for it, and its connection with it, for as long as the command runs.
   */
  over(signals: readonly AbortSignal[]): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = () => {
        this.#waiting.delete(settle);
        for (const signal of signals) signal.removeEventListener('abort', settle);
        const aborted = signals.find((signal) => signal.aborted);
        if (aborted && !this.#ended) reject(aborted.reason);
        else resolve();
      };
      this.#waiting.add(settle);
      for (const signal of signals) signal.addEventListener('abort', settle);
      if (this.#ended || signals.some((signal) => signal.aborted)) settle();
    });
  }

  runs(running: RunningCommand): void {
    this.#running = running;
  }

  /** It prints there. */
  prints(flow: OutputFlow): void {
    this.#flow = flow;
  }

  /** Opens the streams for its raw output, which go to the client that it has now. */
  openOutput({ data }: Client): OpenOutput | undefined {
    return data && ((number, name) => {
      const stream = new KeptStream();
      stream.lead((heard) => data.send(number, heard), 0);
      this.#streams.set(name, stream);
      return stream;
    });
  }

  /** Its output goes to nobody until it is led to somebody. */
  park(): void {
    for (const stream of this.#streams.values()) stream.park();
  }

  /** `acknowledged`: what the client says that it has of the output. @throws ProtocolError InvalidParams */
  check(acknowledged: number | undefined, streams: ResumedStreams = {}): void {
    const { commandId } = this;
    if (acknowledged !== undefined && acknowledged >= (this.#flow?.nextSeq ?? 0)) throw invalidParam(`acknowledged.${commandId}`, 'there has been no output with this seq');
    for (const [name, { offset }] of namedIn(streams)) {
      const stream = this.#streams.get(name);
      if (!stream) throw invalidParam(`streams.${commandId}.${name}`, 'this output does not go over the data channel');
      if (!stream.has(offset)) throw invalidParam(`streams.${commandId}.${name}.offset`, `it can be sent from ${stream.from} to ${stream.from + stream.keptBytes}`);
    }
  }

  /** From now on its output goes to the client of `desk`, as `check` has found possible. @throws ProtocolError InvalidParams where a stream is in use */
  lead(desk: Desk, acknowledged: number | undefined, streams: ResumedStreams = {}): void {
    if (acknowledged !== undefined) this.#flow?.ack(acknowledged);
    this.#flow?.resume();
    for (const [name, { stream, offset }] of namedIn(streams)) this.#streams.get(name)?.lead((heard) => (desk.client.data as DataChannel).send(stream, heard), offset);
  }

  /** The client of another desk can name it, and no longer that of this one. */
  move(from: Desk, to: Desk): void {
    if (this.#running && !this.#ended) {
      from.commands.remove(this.#running);
      to.commands.adopt(this.#running);
    }
    if (!this.#flow) return;
    from.flows.remove(this.commandId, this.#flow);
    to.flows.add(this.commandId, this.#flow);
  }

  /** Nothing of it is kept any more. */
  drop(desk: Desk): void {
    this.#flow?.close();
    if (this.#flow) desk.flows.remove(this.commandId, this.#flow);
    for (const stream of this.#streams.values()) stream.drop();
  }

  /** Resolves when the client has been sent all of its raw output, if one is there. */
  async sent(): Promise<void> {
    await Promise.all([...this.#streams.values()].map((stream) => stream.sent()));
  }

  view(): View {
    const streams = [...this.#streams].map(([name, { from }]) => [name, from] as const);
    return {
      commandId: this.commandId, state: this.#ended ? 'ended' : 'running', nextSeq: this.#flow?.firstKept ?? 0, inputBytes: this.#running?.inputBytes ?? 0,
      ...(streams.length > 0 ? { streams: Object.fromEntries(streams) } : {}),
    };
  }
}

function namedIn(streams: ResumedStreams) {
  return (['stdout', 'stderr'] as const).flatMap((name) => {
    const named = streams[name];
    return named ? [[name, named] as const] : [];
  });
}

/** Flow control: the output of a command is sent to the client no faster than the client consumes it. */
import { Sequence } from '../base/promises.ts';
import { type CommandAck, CommandOutput, type CommandOutputParams, type ParamsOf } from '../protocol/index.ts';
import type { Client } from '../wire/service.ts';

/** How much output of one command may be sent and not acknowledged. */
export const WINDOW_BYTES = 1024 * 1024;
/** How much output one message may carry. */
export const MAX_CHUNK_BYTES = 64 * 1024;

/** Whether the client can take up sessions again when its connection was lost. It has to say how much of their output it has. */
export function canResume({ capabilities: { session, output } }: Pick<Client, 'capabilities'>): boolean {
  return session?.resume === true && output?.flowControl === true;
}

/** `bytes` is the size of the output in `data` before encoding, at most `MAX_CHUNK_BYTES`. */
export type Chunk = Pick<CommandOutputParams, 'stream' | 'data' | 'encoding'> & { readonly bytes: number };

/** A message that was sent and not acknowledged. */
interface Sent {
  readonly bytes: number;
  /** Absent: nothing is sent again. */
  readonly message?: CommandOutputParams;
}

export interface FlowOptions {
  readonly windowBytes?: number;
  /** Whether what was not acknowledged is kept, to be sent again to another client. Its client must have flow control. */
  readonly keeps?: boolean;
}

/**
 * Sends the output of one command, in the order of the calls to `send`.
 * Invariant: with flow control, at most `windowBytes` of output are sent and not acknowledged.
 */
export class OutputFlow {
  readonly #client: Pick<Client, 'capabilities' | 'notify'>;
  readonly #commandId: string;
  readonly #windowBytes: number;
  readonly #keeps: boolean;
  readonly #queue = new Sequence();
  /** The messages that were sent and not acknowledged, by `seq`, the oldest first. */
  readonly #unacked = new Map<number, Sent>();
  #unackedBytes = 0;
  #nextSeq = 0;
  #closed = false;
  /** Ends the wait of the chunk that is being sent. At most one chunk waits at a time. */
  #release: () => void = () => undefined;
  /** What is being sent again. undefined: nothing is. */
  #again: Promise<unknown> | undefined;

  constructor(client: Pick<Client, 'capabilities' | 'notify'>, commandId: string, { windowBytes = WINDOW_BYTES, keeps = false }: FlowOptions = {}) {
    this.#client = client;
    this.#commandId = commandId;
    this.#windowBytes = client.capabilities.output?.flowControl ? windowBytes : Number.POSITIVE_INFINITY;
    this.#keeps = keeps;
  }

  /** The `seq` of the next chunk that was never sent. */
  get nextSeq(): number {
    return this.#nextSeq;
  }

  /** The `seq` from which everything can still be sent. */
  get firstKept(): number {
    const [first = this.#nextSeq] = this.#unacked.keys();
    return first;
  }

  /** How much of the output waits to be acknowledged. */
  get keptBytes(): number {
    return this.#unackedBytes;
  }

  /** Resolves when the next chunk may be sent. Chunks that have not been sent when the flow closes are dropped. */
  send(chunk: Chunk): Promise<void> {
    return this.#queue.run(() => this.#send(chunk));
  }

  /** Records that the client has consumed everything up to `seq`. A `seq` that is not waiting for this is ignored. */
  ack(seq: number): void {
    if (!this.#unacked.has(seq)) return;
    for (const [sent, { bytes }] of this.#unacked) {
      if (sent > seq) break;
      this.#unacked.delete(sent);
      this.#unackedBytes -= bytes;
    }
    this.#release();
  }

  /** The client is another one: what was not acknowledged is sent again, before anything else. */
  resume(): void {
    const again = [...this.#unacked.values()].flatMap(({ message }) => (message ? [this.#client.notify(CommandOutput, message)] : []));
    const all = again.length > 0 ? Promise.all(again) : undefined;
    this.#again = all;
    void all?.then(() => {
      if (this.#again === all) this.#again = undefined;
    });
    this.#release();
  }

  /** The command has ended: nothing follows. What is kept for another client stays so. */
  end(): void {
    this.#closed = true;
    if (!this.#keeps) this.#forget();
    this.#release();
  }

  /** Sends nothing more, and keeps nothing. Calls of `send` that wait are resolved. */
  close(): void {
    this.#forget();
    this.end();
  }

  #forget(): void {
    this.#unacked.clear();
    this.#unackedBytes = 0;
  }

  async #send({ stream, data, encoding, bytes }: Chunk): Promise<void> {
    while (!this.#closed && this.#unackedBytes > 0 && this.#unackedBytes + bytes > this.#windowBytes) {
      await new Promise<void>((resolve) => {
        this.#release = resolve;
      });
    }
    if (this.#closed) return;
    const seq = this.#nextSeq;
    this.#nextSeq += 1;
    const message = { commandId: this.#commandId, stream, seq, data, encoding };
    if (this.#windowBytes !== Number.POSITIVE_INFINITY) {
      this.#unacked.set(seq, this.#keeps ? { bytes, message } : { bytes });
      this.#unackedBytes += bytes;
    }
    const sent = this.#client.notify(CommandOutput, message);
    await this.#taken(this.#again ? Promise.all([this.#again, sent]) : sent);
  }

  /** Resolves when the transport has room again, or the flow is closed. */
  #taken(sent: Promise<unknown>): Promise<void> {
    return new Promise((resolve) => {
      this.#release = () => {
        if (this.#closed) resolve();
      };
      void sent.then(() => resolve());
    });
  }
}

/** The flows of the commands that a client can name, by their ids. */
export class OutputFlows {
  readonly #flows = new Map<string, OutputFlow>();

  /** The id has been reserved (command/commands.ts), so no other command that runs has a flow with it. */
  add(commandId: string, flow: OutputFlow): OutputFlow {
    this.#flows.set(commandId, flow);
    return flow;
  }

  /** Handles `command/ack`. An unknown id is ignored, because the command may have ended in the meantime. */
  ack({ commandId, seq }: ParamsOf<typeof CommandAck>): void {
    this.#flows.get(commandId)?.ack(seq);
  }

  /** Acknowledgements are for this flow no longer. */
  remove(commandId: string, flow: OutputFlow): void {
    if (this.#flows.get(commandId) === flow) this.#flows.delete(commandId);
  }

  closeAll(): void {
    for (const flow of this.#flows.values()) flow.close();
    this.#flows.clear();
  }
}

/** Flow control: the output of a command is sent to the client no faster than the client consumes it. */
import { Sequence } from '../base/promises.ts';
import { type CommandAck, CommandOutput, type CommandOutputParams, type ParamsOf } from '../protocol/index.ts';
import type { Client } from '../wire/service.ts';

/** How much output of one command may be sent and not acknowledged. */
export const WINDOW_BYTES = 1024 * 1024;
/** How much output one message may carry. */
export const MAX_CHUNK_BYTES = 64 * 1024;

/** `bytes` is the size of the output in `data` before encoding, at most `MAX_CHUNK_BYTES`. */
export type Chunk = Pick<CommandOutputParams, 'stream' | 'data' | 'encoding'> & { readonly bytes: number };

/**
 * Sends the output of one command, in the order of the calls to `send`.
 * Invariant: with flow control, at most `windowBytes` of output are sent and not acknowledged.
 */
export class OutputFlow {
  readonly #client: Client;
  readonly #commandId: string;
  readonly #windowBytes: number;
  readonly #queue = new Sequence();
  /** The messages that were sent and not acknowledged: their sizes by `seq`, the oldest first. */
  readonly #unacked = new Map<number, number>();
  #unackedBytes = 0;
  #nextSeq = 0;
  #closed = false;
  /** Ends the wait of the chunk that is being sent. At most one chunk waits at a time. */
  #release: () => void = () => undefined;

  constructor(client: Client, commandId: string, windowBytes = WINDOW_BYTES) {
    this.#client = client;
    this.#commandId = commandId;
    this.#windowBytes = client.capabilities.output?.flowControl ? windowBytes : Number.POSITIVE_INFINITY;
  }

  /** Resolves when the next chunk may be sent. Chunks that have not been sent when the flow closes are dropped. */
  send(chunk: Chunk): Promise<void> {
    return this.#queue.run(() => this.#send(chunk));
  }

  /** Records that the client has consumed everything up to `seq`. A `seq` that is not waiting for this is ignored. */
  ack(seq: number): void {
    if (!this.#unacked.has(seq)) return;
    for (const [sent, bytes] of this.#unacked) {
      if (sent > seq) break;
      this.#unacked.delete(sent);
      this.#unackedBytes -= bytes;
    }
    this.#release();
  }

  /** Sends nothing more. Calls of `send` that wait are resolved. */
  close(): void {
    this.#closed = true;
    this.#unacked.clear();
    this.#release();
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
    if (this.#windowBytes !== Number.POSITIVE_INFINITY) {
      this.#unacked.set(seq, bytes);
      this.#unackedBytes += bytes;
    }
    const sent = this.#client.notify(CommandOutput, { commandId: this.#commandId, stream, seq, data, encoding });
    await this.#taken(sent);
  }

  /** Resolves when the transport has room again, or the flow is closed. */
  #taken(sent: Promise<void>): Promise<void> {
    return new Promise((resolve) => {
      this.#release = () => {
        if (this.#closed) resolve();
      };
      void sent.then(resolve);
    });
  }
}

/** The flows of the running commands, by the ids of the commands. */
export class OutputFlows {
  readonly #client: Client;
  readonly #windowBytes: number;
  readonly #flows = new Map<string, OutputFlow>();

  constructor(client: Client, windowBytes = WINDOW_BYTES) {
    this.#client = client;
    this.#windowBytes = windowBytes;
  }

  /** The id has been reserved (command/commands.ts), so no other command has a flow with it. */
  open(commandId: string): OutputFlow {
    if (this.#flows.has(commandId)) throw new Error('invariant: a command has one flow');
    const flow = new OutputFlow(this.#client, commandId, this.#windowBytes);
    this.#flows.set(commandId, flow);
    return flow;
  }

  /** Handles `command/ack`. An unknown id is ignored, because the command may have ended in the meantime. */
  ack({ commandId, seq }: ParamsOf<typeof CommandAck>): void {
    this.#flows.get(commandId)?.ack(seq);
  }

  close(commandId: string): void {
    this.#flows.get(commandId)?.close();
    this.#flows.delete(commandId);
  }

  closeAll(): void {
    for (const commandId of [...this.#flows.keys()]) this.close(commandId);
  }
}

/** Output on its way to the client: no faster than the client consumes it (protocol section 5). */
import { Sequence } from '../base/promises.ts';
import { type CommandAck, CommandOutput, type CommandOutputParams, invalidParam, type ParamsOf } from '../protocol/index.ts';
import type { Client } from '../wire/service.ts';

/** Data of one command that the client may leave unacknowledged. */
export const WINDOW_BYTES = 1024 * 1024;
/** Data in one message. */
export const MAX_CHUNK_BYTES = 64 * 1024;

/** `bytes` is how much output `data` stands for, before encoding: at most `MAX_CHUNK_BYTES`. */
export type Chunk = Pick<CommandOutputParams, 'stream' | 'data' | 'encoding'> & { readonly bytes: number };

/**
 * The output of one command, in the order of the calls to `send`.
 * Invariant: with flow control, at most `windowBytes` of data are unacknowledged.
 */
export class OutputChannel {
  readonly #client: Client;
  readonly #commandId: string;
  readonly #windowBytes: number;
  readonly #queue = new Sequence();
  /** What was sent and not acknowledged: bytes by seq, oldest first. */
  readonly #unacked = new Map<number, number>();
  #unackedBytes = 0;
  #nextSeq = 0;
  #closed = false;
  /** Ends the wait of the one chunk that is being sent. */
  #release: () => void = () => undefined;

  constructor(client: Client, commandId: string, windowBytes = WINDOW_BYTES) {
    this.#client = client;
    this.#commandId = commandId;
    this.#windowBytes = client.capabilities.output?.flowControl ? windowBytes : Number.POSITIVE_INFINITY;
  }

  /** Resolves when the next chunk is welcome. Chunks that have not left when the channel closes are dropped. */
  send(chunk: Chunk): Promise<void> {
    return this.#queue.run(() => this.#send(chunk));
  }

  /** Everything up to `seq` is consumed. What is not a seq that waits for this is ignored. */
  ack(seq: number): void {
    if (!this.#unacked.has(seq)) return;
    for (const [sent, bytes] of this.#unacked) {
      if (sent > seq) break;
      this.#unacked.delete(sent);
      this.#unackedBytes -= bytes;
    }
    this.#release();
  }

  /** Sends nothing more. Whoever waits in `send` goes on. */
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

  /** The transport has taken it, or the channel is closed. */
  #taken(sent: Promise<void>): Promise<void> {
    return new Promise((resolve) => {
      this.#release = () => {
        if (this.#closed) resolve();
      };
      void sent.then(resolve);
    });
  }
}

/** The channels of the commands that run, by commandId. */
export class OutputChannels {
  readonly #client: Client;
  readonly #windowBytes: number;
  readonly #channels = new Map<string, OutputChannel>();

  constructor(client: Client, windowBytes = WINDOW_BYTES) {
    this.#client = client;
    this.#windowBytes = windowBytes;
  }

  /** @throws ProtocolError InvalidParams while a command of that id runs */
  open(commandId: string): OutputChannel {
    if (this.#channels.has(commandId)) {
      throw invalidParam('commandId', 'is in use by a command that still runs');
    }
    const channel = new OutputChannel(this.#client, commandId, this.#windowBytes);
    this.#channels.set(commandId, channel);
    return channel;
  }

  /** `command/ack`. An id that is not open is ignored: the command may have ended meanwhile. */
  ack({ commandId, seq }: ParamsOf<typeof CommandAck>): void {
    this.#channels.get(commandId)?.ack(seq);
  }

  close(commandId: string): void {
    this.#channels.get(commandId)?.close();
    this.#channels.delete(commandId);
  }

  closeAll(): void {
    for (const commandId of [...this.#channels.keys()]) this.close(commandId);
  }
}

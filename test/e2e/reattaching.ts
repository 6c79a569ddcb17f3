/** A client whose connection is cut at random points, and which takes its session up again each time. */
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { DataClient } from './data-client.ts';
import type { Message } from './raw-conversation.ts';
import type { RemoteClient, RemoteDaemon } from './remote-daemon.ts';

const STREAM = 7;
const capabilities = { session: { resume: true }, output: { flowControl: true }, channels: { data: {} } };

/** The same numbers for the same seed, from 0 to 1. */
export function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What is received of a command's output: its digest, and whether anything was missing or came twice. */
class Heard {
  readonly #digest = createHash('sha256');
  bytes = 0;
  nextSeq = 0;
  readonly faults: string[] = [];

  take(bytes: Buffer, seq?: number): void {
    if (seq !== undefined && seq !== this.nextSeq) this.faults.push(`seq ${seq} and not ${this.nextSeq}`);
    this.nextSeq += 1;
    this.#digest.update(bytes);
    this.bytes += bytes.length;
  }

  get sha256(): string {
    return this.#digest.copy().digest('hex');
  }
}

export class Reattaching {
  readonly #daemon: RemoteDaemon;
  readonly #random: () => number;
  readonly heard = new Heard();
  cuts = 0;
  /** How often the connection was still there, for the daemon, when the next one took the session over. */
  halfOpen = 0;
  #kept = { sessionId: '', resumeToken: '' };
  #client: RemoteClient;
  readonly #stale: RemoteClient[] = [];
  /** Called when so many bytes were heard. */
  #cutAt = Infinity;
  #cutNow: () => void = () => undefined;
  readonly #raw: boolean;

  constructor(daemon: RemoteDaemon, seed: number, raw = false) {
    this.#daemon = daemon;
    this.#random = numbers(seed);
    this.#raw = raw;
    this.#client = daemon.client();
  }

  get client(): RemoteClient {
    return this.#client;
  }

  get sessionId(): string {
    return this.#kept.sessionId;
  }

  async start(params: object): Promise<void> {
    await this.#client.initialize(capabilities);
    const { sessionId, resume } = await this.#client.request('session/create', { ...params, resume: {} });
    this.#kept = { sessionId, resumeToken: resume.resumeToken };
    this.#listen();
  }

  /** Params with which a command sends its output here. */
  get output(): object {
    return { commandId: 'c', outputEncoding: 'base64', ...(this.#raw ? { outputStreams: { stdout: STREAM } } : {}) };
  }

  /** Resolves when `bytes` more were heard, or `result` has settled. */
  async hears(bytes: number, result: Promise<unknown>): Promise<void> {
    this.#cutAt = this.heard.bytes + bytes;
    await Promise.race([new Promise<void>((resolve) => (this.#cutNow = resolve)), result.then(() => undefined, () => undefined)]);
    this.#cutAt = Infinity;
  }

  /** Cuts the connection, in one way or another, and takes the session up again. Resolves with what the daemon says of the commands. */
  async cut(): Promise<any[]> {
    for (;;) {
      this.cuts += 1;
      const old = this.#client;
      old.onNotification = () => undefined;
      old.binary.removeAllListeners('data');
      const way = this.#random();
      if (way < 0.7) old.webSocket.terminate();
      else {
        // It reads no more, and nobody has told the daemon.
        this.halfOpen += 1;
        old.webSocket.pause();
        this.#stale.push(old);
      }
      if (this.#random() < 0.2) await sleep(this.#random() * 20);
      this.#client = this.#daemon.client();
      await this.#client.initialize(capabilities);
      this.#listen();
      const { bytes, nextSeq } = this.heard;
      const attached = this.#client.request('session/attach', {
        ...this.#kept, ...(this.#raw ? { streams: { c: { stdout: { stream: STREAM, offset: bytes } } } } : nextSeq > 0 ? { acknowledged: { c: nextSeq - 1 } } : {}),
      });
      // Sometimes it is cut before it knows whether it has the session.
      if (this.#random() < 0.15) {
        void attached.catch(() => undefined);
        if (this.#random() < 0.5) await sleep(this.#random() * 5);
        continue;
      }
      return (await attached).commands;
    }
  }

  wait(): Promise<any> {
    return this.#client.request('command/wait', { sessionId: this.sessionId, commandId: 'c' });
  }

  get random(): number {
    return this.#random();
  }

  close(): void {
    for (const old of this.#stale) old.webSocket.terminate();
  }

  #listen(): void {
    const client = this.#client;
    client.onNotification = ({ method, params }: Message) => {
      if (method !== 'command/output' || client !== this.#client) return;
      const { seq, data } = params as { seq: number; data: string };
      this.#take(Buffer.from(data, 'base64'), seq);
      client.notify('command/ack', { commandId: 'c', seq });
    };
    void new DataClient(client.binary).receive(STREAM, (bytes) => {
      if (client === this.#client) this.#take(bytes);
    });
  }

  #take(bytes: Buffer, seq?: number): void {
    this.heard.take(bytes, seq);
    if (this.heard.bytes >= this.#cutAt) this.#cutNow();
  }
}

/** A process that the program has started, as its debugger tells of it on a connection of its own. */
import type { Duplex } from 'node:stream';
import { deferred } from '../../base/promises.ts';
import type { ChildWish } from '../adapter.ts';
import { DapReader, writable } from '../codec.ts';
import { type DapEvent, type DapMessage, type DapRequest, type DapResponse, errorOf, type Json } from '../dap.ts';
import { bodyFor, errorIn, UNUSABLE } from '../tables.ts';
import { handlesOf } from './handles.ts';

export interface ChildParts {
  /** Its place among the processes, from 1 on. */
  readonly place: number;
  readonly wish: ChildWish;
  /** What the client has said of itself. */
  readonly client: Json;
  connect(port: number): Promise<Duplex>;
  /** Takes what it tells; the answers are those to `pass`, in the shape of the protocol and with the handles that clients know. */
  told(child: Child, message: DapResponse | DapEvent, asked?: DapRequest): Promise<void>;
  /** It keeps more of a message that has not arrived in full. All children have one room for that. */
  kept(): void;
  /** Whether so many bytes more may wait until the adapter takes them. All children have one room for that, too. */
  hasRoom(bytes: number): boolean;
  /** It is over. `fault`: why it is not debugged, in words for people that follow its name; undefined: it has ended. */
  over(child: Child, fault: string | undefined): void;
}

interface Asked {
  /** A request of the client. undefined: it is one of the daemon itself. */
  readonly request?: DapRequest;
  readonly command: string;
  answered?(response: DapResponse | undefined): void;
}

/** So many requests may wait for an answer. */
const MAX_ASKED = 1000;

export class Child {
  readonly place: number;
  /** The threads that it has told of, by the numbers that clients know. */
  readonly threads = new Set<number>();
  /** Whether it can be told of breakpoints. */
  ready = false;
  readonly #parts: ChildParts;
  readonly #reader = new DapReader();
  readonly #asked = new Map<number, Asked>();
  #connection: Duplex | undefined;
  #seq = 0;
  #over = false;

  constructor(parts: ChildParts) {
    this.#parts = parts;
    this.place = parts.place;
  }

  /** How many bytes it keeps of a message that has not arrived in full. */
  get bufferedBytes(): number {
    return this.#reader.bufferedBytes;
  }

  /** How many bytes wait until the adapter takes them. */
  get waitingBytes(): number {
    return this.#connection?.writableLength ?? 0;
  }

  /** Connects, and asks to debug it. Resolves at the end of it. */
  async run(): Promise<void> {
    const { connect, wish: { port, attach }, client } = this.#parts;
    let fault: string | undefined;
    try {
      const connection = await connect(port);
      this.#connection = connection;
      if (this.#over) return;
      void this.ask('initialize', client);
      void this.ask('attach', attach).then((answer) => answer?.success === false && this.end(`cannot be debugged: ${answer.message ?? 'its debugger says no reason'}`));
      for await (const chunk of connection) await this.#read(chunk as Buffer);
    } catch (reason) {
      if (!this.#connection) fault = `cannot be debugged, and waits for a debugger: ${reason instanceof Error ? reason.message : String(reason)}`;
    } finally {
      this.end(fault);
    }
  }

  /** Sends it a request of the client, with arguments that it understands. Returns false if too much is waiting for it. */
  pass(request: DapRequest, args: Json): boolean {
    return this.#send({ request, command: request.command }, args);
  }

  /** A request of the daemon itself. Resolves with the answer, in the shape of the protocol and with the handles that clients know; undefined: there is none any more. */
  async ask(command: string, args: Json): Promise<DapResponse | undefined> {
    const answer = deferred<DapResponse | undefined>();
    return this.#send({ command, answered: answer.resolve }, args) ? answer.promise : undefined;
  }

  /** Debugs it no longer. What waits for an answer of it gets none. */
  end(fault?: string): void {
    this.#connection?.destroy();
    if (this.#over) return;
    this.#over = true;
    for (const { answered } of this.#asked.values()) answered?.(undefined);
    this.#parts.over(this, fault);
    this.#asked.clear();
  }

  /** The requests of the client that wait for an answer of it. */
  get waiting(): readonly DapRequest[] {
    return [...this.#asked.values()].flatMap(({ request }) => request ?? []);
  }

  #send(asked: Asked, args: Json): boolean {
    if (this.#asked.size >= MAX_ASKED) return false;
    const seq = ++this.#seq;
    if (!this.#write({ seq, type: 'request', command: asked.command, arguments: args })) return false;
    this.#asked.set(seq, asked);
    return true;
  }

  #write(message: DapMessage): boolean {
    const connection = this.#connection;
    if (this.#over || !connection || connection.destroyed) return false;
    const bytes = writable(message);
    if (!bytes || !this.#parts.hasRoom(bytes.length)) return false;
    connection.write(bytes);
    return true;
  }

  async #read(chunk: Buffer): Promise<void> {
    for (const message of this.#reader.push(chunk)) {
      if (this.#over) return;
      await this.#take(message);
    }
    if (this.#reader.fault !== undefined) this.end('runs on without a debugger, because its debugger has sent what is no message');
    else this.#parts.kept();
  }

  async #take(message: DapMessage): Promise<void> {
    if (message.type === 'event') return this.#parts.told(this, message);
    if (message.type === 'request') return void this.#write({ seq: ++this.#seq, type: 'response', request_seq: message.seq, success: false, command: message.command, message: 'this client starts nothing' });
    const asked = this.#asked.get(message.request_seq);
    this.#asked.delete(message.request_seq);
    if (!asked) return;
    const { request, command, answered } = asked;
    const response = this.#usable(message, command);
    if (request) return this.#parts.told(this, { ...response, request_seq: request.seq }, request);
    answered?.(response);
  }

  /** An answer in the shape of the protocol. One that cannot be used is as one that says so. */
  #usable({ body = {}, ...rest }: DapResponse, command: string): DapResponse {
    const { success } = rest;
    if (!success) return { ...rest, command, body: errorIn(body) ?? {} };
    const fit = rest.command !== command ? undefined : command === 'attach' ? {} : bodyFor({ ...rest, body }, handlesOf(this.place));
    return fit ? { ...rest, body: fit } : { ...rest, command, success: false, message: UNUSABLE, body: errorOf(UNUSABLE) };
  }
}

/** Passes messages between a client and a daemon elsewhere, in both directions, no faster than they are taken. */
import { errorCodes } from '../protocol/index.ts';
import type { MessageSink, PassingTransport } from '../wire/message-transport.ts';
import type { Elsewhere } from './elsewhere.ts';
import type { CannotConnect } from './fault.ts';
import { parsed } from './message.ts';

/** While more bytes than this wait to be taken on one side, the other is not read. One message may exceed it. */
const MAX_WAITING_BYTES = 4 * 1024 * 1024;
/** A client that is not understood is not read for ever. */
const MAX_EARLY_BYTES = 64 * 1024;
/** A message that ends the conversation is shorter. */
const MAX_EXIT_BYTES = 512;

/** How the conversation ended: the client has gone or has said `exit`, or the daemon has gone before that. */
export type Ending = 'client' | 'daemon';

export class Bridge {
  /** Resolves when one side has ended. */
  readonly ended: Promise<Ending>;
  readonly #client: PassingTransport;
  readonly #early: Buffer[] = [];
  #earlyBytes = 0;
  #up: Flow | undefined;
  #down: Flow | undefined;
  #elsewhere: Elsewhere | undefined;
  #saidExit = false;
  #end!: (how: Ending) => void;
  #firstCame!: () => void;
  /** Resolves when the first message is there, or none will come. */
  readonly #first: Promise<void>;

  /** From now on the client is read, but not further than its first messages. */
  constructor(client: PassingTransport) {
    this.#client = client;
    this.ended = new Promise((resolve) => (this.#end = resolve));
    this.#first = new Promise((resolve) => (this.#firstCame = resolve));
    client.receive(this.#sink('client', (body) => this.#fromClient(body), () => this.#down?.look()));
  }

  /** `elsewhere`: undefined where the daemon sees the folders of the client and its ports are the client's. */
  connect(daemon: PassingTransport, elsewhere?: Elsewhere): void {
    const [up, down] = [new Flow(this.#client, daemon), new Flow(daemon, this.#client)];
    [this.#up, this.#down, this.#elsewhere] = [up, down, elsewhere];
    daemon.receive(this.#sink('daemon', (body) => this.#fromDaemon(body), () => up.look()));
    for (const body of this.#early.splice(0)) this.#fromClient(body);
    this.#client.resume();
  }

  /** Answers `initialize`, which is the first message, and resolves when that has been read. `late` ends the wait for it. */
  async refuse({ answer: { code, message, data } }: CannotConnect, late: Promise<unknown>): Promise<void> {
    await Promise.race([this.#first, late]);
    const asked = parsed(this.#early[0]);
    if (asked?.method === undefined || asked.id === undefined) return;
    void this.#client.send({ jsonrpc: '2.0', id: asked.id, error: { code, message, data } });
    await Promise.race([this.#client.flushed(), late]);
  }

  #fromClient(body: Buffer): void {
    if (!this.#up) {
      this.#early.push(body);
      this.#earlyBytes += body.length;
      if (this.#earlyBytes > MAX_EARLY_BYTES) this.#client.pause();
      return this.#firstCame();
    }
    if (body.length <= MAX_EXIT_BYTES && body.includes('"exit"') && parsed(body)?.method === 'exit') this.#saidExit = true;
    const passed = this.#elsewhere ? this.#elsewhere.fromClient(body) : body;
    if (passed) void this.#up.to.pass(passed);
    this.#up.look();
  }

  #fromDaemon(body: Buffer): void {
    if (this.#elsewhere?.fromDaemon(body)) return;
    void this.#client.pass(body);
    this.#down?.look();
  }

  /** What a side has sent goes on by `pass`. `taken`: this side has taken something, so the other one may be read again. */
  #sink(who: Ending, pass: (body: Buffer) => void, taken: () => void): MessageSink {
    const end = () => {
      this.#firstCame();
      this.#end(who === 'daemon' && this.#saidExit ? 'client' : who);
    };
    return {
      message: pass,
      refused: (reason) => void this.#client.send({ jsonrpc: '2.0', id: null, error: { code: errorCodes.InvalidRequest, message: `Invalid request: ${reason}` } }),
      ended: end,
      sent: taken,
      gone: end,
    };
  }
}

/** Has one side read no faster than the other takes it. */
class Flow {
  #full = false;

  constructor(readonly from: PassingTransport, readonly to: PassingTransport) {}

  look(): void {
    const { unsentBytes } = this.to;
    if (this.#full ? unsentBytes > MAX_WAITING_BYTES / 2 : unsentBytes <= MAX_WAITING_BYTES) return;
    this.#full = !this.#full;
    if (this.#full) this.from.pause();
    else this.from.resume();
  }
}

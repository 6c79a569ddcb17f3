/** Checks all messages of a conversation in the Debug Adapter Protocol, in both directions: each by itself, and how they follow each other. */
import { DapTypes } from './dap-types.ts';

type Side = 'client' | 'adapter';

/** A parsed message, whose members are not typed. */
type Json = ReturnType<typeof JSON.parse>;

export class DapConversation {
  static #types: DapTypes | undefined;
  readonly faults: string[] = [];
  /** How many messages there were in each direction. */
  readonly counts: Record<Side, number> = { client: 0, adapter: 0 };
  readonly #open: Record<Side, Map<number, string>> = { client: new Map(), adapter: new Map() };
  readonly #clientCan = new Set<string>();
  #introduced = false;
  #initialized = false;

  /** `introduced`: whether `initialize` was answered before it begins. */
  constructor({ introduced = false } = {}) {
    this.#introduced = introduced;
  }

  /** Takes a message that the client sends. */
  sent(message: Json): void {
    this.#take('client', message);
  }

  /** Takes a message that the adapter sends. */
  received(message: Json): void {
    this.#take('adapter', message);
  }

  /** Nothing more comes: whatever was asked must have its answer. */
  end(): readonly string[] {
    for (const side of ['client', 'adapter'] as const) {
      for (const [seq, command] of this.#open[side]) this.faults.push(`the request ${seq}, ${command}, of the ${side} was not answered`);
    }
    return this.faults;
  }

  #take(side: Side, message: Json): void {
    DapConversation.#types ??= new DapTypes();
    const expected = (this.counts[side] += 1);
    const found = DapConversation.#types.faults(message);
    if (message?.seq !== expected) found.push(`the message ${expected} of the ${side} has the number ${message?.seq}`);
    if (typeof message === 'object' && message !== null) found.push(...this.#order(side, message));
    this.faults.push(...found.map((each) => `${side}: ${each}: ${JSON.stringify(message)?.slice(0, 300)}`));
  }

  #order(side: Side, message: Json): string[] {
    const { type, command, event } = message;
    if (type === 'response') return this.#answer(side, message);
    const early = this.#introduced || command === 'initialize' ? [] : ['this comes before the answer to initialize'];
    if (type === 'request') {
      this.#open[side].set(message.seq, command);
      if (side === 'adapter') return [...early, ...this.#asked(command)];
      if (command !== 'initialize') return early;
      for (const [name, value] of Object.entries(message.arguments ?? {})) if (value === true) this.#clientCan.add(name);
      return this.#introduced || this.#open.client.size > 1 ? ['initialize was sent before'] : [];
    }
    if (side === 'client') return ['a client sends no events'];
    if (event !== 'initialized') return early;
    const again = this.#initialized ? ['initialized was told before'] : [];
    this.#initialized = true;
    return [...early, ...again];
  }

  #answer(side: Side, { request_seq: seq, command, success }: Json): string[] {
    const open = this.#open[side === 'client' ? 'adapter' : 'client'];
    const asked = open.get(seq);
    open.delete(seq);
    if (asked === undefined) return ['nothing waits for this answer'];
    if (asked !== command) return [`the request was ${asked}`];
    if (command === 'initialize' && success) this.#introduced = true;
    return [];
  }

  /** What an adapter may ask of a client that has said so. */
  #asked(command: string): string[] {
    const needed = { runInTerminal: 'supportsRunInTerminalRequest', startDebugging: 'supportsStartDebuggingRequest' }[command];
    return needed !== undefined && this.#clientCan.has(needed) ? [] : ['the client has not said that it can do this'];
  }
}

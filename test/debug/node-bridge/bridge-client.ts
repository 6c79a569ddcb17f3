/** A client of the bridge as a process, with the Debug Adapter Protocol on its streams. It checks every message in both directions. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { DapConversation } from '../dap-conversation.ts';
import { dapFrames } from '../dap-frames.ts';

interface Wait {
  readonly event: string;
  readonly matches: (body: any) => boolean;
  readonly resolve: (body: any) => void;
}

/** How long a test waits for what must come, in milliseconds. */
const PATIENCE_MS = 30_000;

export class BridgeClient {
  readonly process: ChildProcess;
  readonly #conversation = new DapConversation();
  /** The bodies of all events that came, each with its name. */
  readonly events: { readonly event: string; readonly body: any }[] = [];
  readonly #input: Writable;
  readonly #requests = new Map<number, (response: any) => void>();
  #waits: Wait[] = [];
  /** How many events have been given to somebody who waited. */
  #seen = 0;
  #seq = 0;

  constructor(command: readonly string[]) {
    const [program = '', ...args] = command;
    this.process = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#input = this.process.stdin as Writable;
    this.#input.on('error', () => undefined);
    (this.process.stdout as Readable).on('data', dapFrames((message) => this.#take(message)));
  }

  /** What was wrong with messages. */
  get faults(): readonly string[] {
    return this.#conversation.faults;
  }

  /** The whole response. */
  async ask(command: string, args?: object): Promise<any> {
    const seq = (this.#seq += 1);
    const message = { seq, type: 'request', command, ...(args ? { arguments: args } : {}) };
    this.#conversation.sent(message);
    const answer = new Promise((resolve) => this.#requests.set(seq, resolve));
    const text = JSON.stringify(message);
    this.#input.write(`Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`);
    return within(answer, `no answer to ${command}`);
  }

  /** The body of a response. @throws Error where the request failed */
  async get(command: string, args?: object): Promise<any> {
    const { success, message, body } = await this.ask(command, args);
    if (!success) throw new Error(`${command}: ${message}`);
    return body;
  }

  /** The message of a request that fails. */
  async fails(command: string, args?: object): Promise<string> {
    const { success, message } = await this.ask(command, args);
    if (success) throw new Error(`${command} has not failed`);
    return message;
  }

  /** The next event of this name, after those that were waited for before. */
  async event(event: string, matches: (body: any) => boolean = () => true): Promise<any> {
    const at = this.events.findIndex((each, index) => index >= this.#seen && each.event === event && matches(each.body));
    if (at >= 0) {
      this.#seen = at + 1;
      return this.events[at]?.body;
    }
    return within(new Promise((resolve) => this.#waits.push({ event, matches, resolve })), () => `no event ${event} after ${JSON.stringify(this.events.slice(-4))}`);
  }

  /** All that the program has printed so far. */
  output(category: string): string {
    return this.events.filter(({ event, body }) => event === 'output' && body.category === category).map(({ body }) => body.output).join('');
  }

  /** Takes no messages for now. */
  slow(): void {
    this.process.stdout?.pause();
  }

  quick(): void {
    this.process.stdout?.resume();
  }

  async end(): Promise<void> {
    const { process: child } = this;
    const ended = child.exitCode === null && child.signalCode === null ? once(child, 'exit') : undefined;
    this.#input.end();
    await ended;
  }

  #take(message: any): void {
    this.#conversation.received(message);
    if (message.type === 'response') {
      this.#requests.get(message.request_seq)?.(message);
      this.#requests.delete(message.request_seq);
      return;
    }
    this.events.push({ event: message.event, body: message.body });
    const at = this.#waits.findIndex(({ event, matches }) => event === message.event && matches(message.body));
    if (at < 0) return;
    this.#seen = this.events.length;
    this.#waits.splice(at, 1)[0]?.resolve(message.body);
  }
}

async function within<T>(promise: Promise<T>, complaint: string | (() => string)): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(typeof complaint === 'string' ? complaint : complaint())), PATIENCE_MS);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** A client of the Debug Adapter Protocol for tests. It shares no code with the daemon; what carries its messages is a parameter. */
import { expect } from 'chai';
import { type ChildProcess, spawn } from 'node:child_process';
import { daemonEnvironment } from '../e2e/environment.ts';
import type { RawClient } from '../e2e/raw-client.ts';
import { daemonPath } from '../e2e/raw-client.ts';

/** A parsed message, whose members are not typed. */
type Json = ReturnType<typeof JSON.parse>;

const PATIENCE_MS = 30_000;

export class DapClient {
  readonly received: Json[] = [];
  /** What is wrong with what was received. */
  readonly faults: string[] = [];
  #seq = 0;
  #waiting: { matches: (message: Json) => boolean; resolve: (message: Json) => void }[] = [];
  readonly #send: (message: Json) => void;

  constructor(send: (message: Json) => void) {
    this.#send = send;
  }

  receive(message: Json): void {
    if (!Number.isInteger(message.seq) || !['response', 'event'].includes(message.type)) this.faults.push(JSON.stringify(message));
    if (message.type === 'response' && (typeof message.success !== 'boolean' || typeof message.command !== 'string' || !Number.isInteger(message.request_seq))) this.faults.push(JSON.stringify(message));
    if (message.type === 'event' && typeof message.event !== 'string') this.faults.push(JSON.stringify(message));
    this.received.push(message);
    const met = this.#waiting.filter(({ matches }) => matches(message));
    this.#waiting = this.#waiting.filter((each) => !met.includes(each));
    for (const { resolve } of met) resolve(message);
  }

  /** The response to a request, whether it succeeded or not. */
  async response(command: string, args: Json = {}): Promise<Json> {
    const seq = ++this.#seq;
    const answer = this.#next(`the response to ${command}`, (message) => message.type === 'response' && message.request_seq === seq);
    this.#send({ seq, type: 'request', command, arguments: args });
    return answer;
  }

  /** The body of the response to a request that succeeds. */
  async ask(command: string, args: Json = {}): Promise<Json> {
    const response = await this.response(command, args);
    expect(response.success, `${command}: ${response.message}`).to.equal(true);
    expect(response.command).to.equal(command);
    return response.body;
  }

  /** The body of the next event of this name. */
  async event(name: string): Promise<Json> {
    return (await this.#next(`the event ${name}`, (message) => message.type === 'event' && message.event === name)).body;
  }

  events(name: string): Json[] {
    return this.received.filter((message) => message.type === 'event' && message.event === name).map(({ body }) => body);
  }

  #next(what: string, matches: (message: Json) => boolean): Promise<Json> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`not within ${PATIENCE_MS} ms: ${what}; received: ${JSON.stringify(this.received.slice(-5))}`)), PATIENCE_MS);
      this.#waiting.push({ matches, resolve: (message) => {
        clearTimeout(timer);
        resolve(message);
      } });
    });
  }
}

/** A debugger that was started over the daemon's own protocol. */
export class ProtocolDebug {
  readonly client: DapClient;
  readonly ended: Promise<Json>;

  constructor(raw: RawClient, debugId: string) {
    this.client = new DapClient((message) => raw.notify('debug/message', { debugId, message }));
    const before = raw.onNotification;
    this.ended = new Promise((resolve) => {
      raw.onNotification = (notification) => {
        before?.(notification);
        const { method, params } = notification;
        if (method === 'debug/message' && params.debugId === debugId) this.client.receive(params.message);
        if (method === 'debug/ended' && params.debugId === debugId) resolve(params);
      };
    });
  }
}

/** `codebeaker dap`, which speaks plain DAP on its stdin and stdout. */
export class DapCommand {
  readonly client: DapClient;
  readonly child: ChildProcess;
  readonly exited: Promise<number | null>;
  stderr = '';
  #buffer = Buffer.alloc(0);

  constructor(args: readonly string[] = [], config: object = {}) {
    this.child = spawn(process.execPath, [daemonPath, 'dap', ...args], { stdio: 'pipe', env: { ...process.env, ...daemonEnvironment(config) } });
    this.client = new DapClient((message) => {
      const body = Buffer.from(JSON.stringify(message));
      this.child.stdin?.write(Buffer.concat([Buffer.from(`Content-Length: ${body.length}\r\n\r\n`), body]));
    });
    this.child.stdout?.on('data', (chunk: Buffer) => this.#read(chunk));
    this.child.stderr?.on('data', (chunk: Buffer) => void (this.stderr += chunk.toString()));
    this.child.stdin?.on('error', () => undefined);
    this.exited = new Promise((resolve) => this.child.once('close', (code) => resolve(code)));
  }

  #read(chunk: Buffer): void {
    this.#buffer = Buffer.concat([this.#buffer, chunk]);
    for (;;) {
      const match = /^Content-Length: (\d+)\r\n\r\n/.exec(this.#buffer.toString('latin1', 0, 64));
      if (!match) return;
      const end = match[0].length + Number(match[1]);
      if (this.#buffer.length < end) return;
      this.client.receive(JSON.parse(this.#buffer.toString('utf8', match[0].length, end)));
      this.#buffer = this.#buffer.subarray(end);
    }
  }
}

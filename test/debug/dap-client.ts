/** A client of the Debug Adapter Protocol for tests. It shares no code with the daemon; what carries its messages is a parameter. */
import { expect } from 'chai';
import { type ChildProcess, spawn } from 'node:child_process';
import { daemonEnvironment } from '../e2e/environment.ts';
import type { RawClient } from '../e2e/raw-client.ts';
import { daemonPath } from '../e2e/raw-client.ts';
import { DapConversation } from './dap-conversation.ts';
import { dapFrames } from './dap-frames.ts';

/** A parsed message, whose members are not typed. */
type Json = ReturnType<typeof JSON.parse>;

const PATIENCE_MS = 30_000;

export class DapClient {
  readonly received: Json[] = [];
  readonly conversation = new DapConversation();
  #seq = 0;
  #waiting: { matches: (message: Json) => boolean; resolve: (message: Json) => void; leave: () => void }[] = [];
  readonly #send: (message: Json) => void;
  /** Does what the other side asks for, and gives the body of the answer. */
  onRequest: ((request: Json) => Json) | undefined;

  readonly #checked: boolean;

  /** `checked`: whether each message is checked against the protocol, which takes as long as the rest. */
  constructor(send: (message: Json) => void, { checked = true }: { readonly checked?: boolean | undefined } = {}) {
    this.#send = send;
    this.#checked = checked;
  }

  /** What is wrong with what was sent and received. */
  get faults(): readonly string[] {
    return this.conversation.faults;
  }

  receive(message: Json): void {
    if (this.#checked) this.conversation.received(message);
    this.received.push(message);
    if (message.type === 'request' && this.onRequest) this.#answer(message, this.onRequest(message));
    const met = this.#waiting.filter(({ matches }) => matches(message));
    this.#waiting = this.#waiting.filter((each) => !met.includes(each));
    for (const { resolve } of met) resolve(message);
  }

  /** The response to a request, whether it succeeded or not. */
  async response(command: string, args: Json = {}): Promise<Json> {
    const seq = ++this.#seq;
    const answer = this.#next(`the response to ${command}`, (message) => message.type === 'response' && message.request_seq === seq);
    const request = { seq, type: 'request', command, arguments: command === 'initialize' ? { adapterID: 'codebeaker', ...args } : args };
    if (this.#checked) this.conversation.sent(request);
    this.#send(request);
    return answer;
  }

  #answer({ seq, command }: Json, body: Json): void {
    const answer = { seq: ++this.#seq, type: 'response', request_seq: seq, success: true, command, body };
    if (this.#checked) this.conversation.sent(answer);
    this.#send(answer);
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

  /** Waits for nothing any more: what is waited for is rejected. */
  leave(): void {
    for (const { leave } of this.#waiting.splice(0)) leave();
  }

  #next(what: string, matches: (message: Json) => boolean): Promise<Json> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`not within ${PATIENCE_MS} ms: ${what}; received: ${JSON.stringify(this.received.slice(-5))}`)), PATIENCE_MS);
      this.#waiting.push({ matches, resolve: (message) => {
        clearTimeout(timer);
        resolve(message);
      }, leave: () => {
        clearTimeout(timer);
        reject(new Error(`nobody waits any more: ${what}`));
      } });
    });
  }
}

/** A debugger that was started over the daemon's own protocol. */
export class ProtocolDebug {
  readonly client: DapClient;
  readonly ended: Promise<Json>;

  constructor(raw: RawClient, debugId: string, options: { readonly checked?: boolean } = {}) {
    this.client = new DapClient((message) => raw.notify('debug/message', { debugId, message }), options);
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

  /** Waits for the end, and disconnects then, as an editor does. What is still waited for is rejected. Resolves with how it has ended. */
  async over(): Promise<Json> {
    const terminated = this.client.events('terminated').length > 0 ? Promise.resolve() : this.client.event('terminated').catch(() => undefined);
    const end = await Promise.race([terminated, this.ended]);
    if (end?.debugId === undefined) this.client.response('disconnect').catch(() => undefined);
    return this.ended.finally(() => this.client.leave());
  }
}

/** `codebeaker dap`, which speaks plain DAP on its stdin and stdout. */
export class DapCommand {
  readonly client: DapClient;
  readonly child: ChildProcess;
  readonly exited: Promise<number | null>;
  stderr = '';

  constructor(args: readonly string[] = [], config: object = {}) {
    this.child = spawn(process.execPath, [daemonPath, 'dap', ...args], { stdio: 'pipe', env: { ...process.env, ...daemonEnvironment(config) } });
    this.client = new DapClient((message) => {
      const body = Buffer.from(JSON.stringify(message));
      this.child.stdin?.write(Buffer.concat([Buffer.from(`Content-Length: ${body.length}\r\n\r\n`), body]));
    });
    this.child.stdout?.on('data', dapFrames((message) => this.client.receive(message)));
    this.child.stderr?.on('data', (chunk: Buffer) => void (this.stderr += chunk.toString()));
    this.child.stdin?.on('error', () => undefined);
    this.exited = new Promise((resolve) => this.child.once('close', (code) => resolve(code)));
  }
}

/**
 * An independent client: it frames its own bytes and knows the daemon only by the protocol. It imports nothing of ours.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export const daemonPath = fileURLToPath(new URL('../../server/bin/codebeaker.js', import.meta.url));

export interface Message {
  id?: number | string | null;
  method?: string;
  params?: any;
  result?: any;
  error?: { code: number; message: string; data?: any };
}

export class RawClient {
  readonly process: ChildProcess;
  readonly notifications: Message[] = [];
  /** Called for every notification, as it comes. */
  onNotification: (message: Message) => void = () => undefined;
  stderr = '';
  readonly exited: Promise<number | null>;
  readonly #waiting = new Map<number, (message: Message) => void>();
  #buffer: Buffer = Buffer.alloc(0);
  #nextId = 1;

  constructor(options: { args?: string[]; env?: Record<string, string>; command?: string[] } = {}) {
    const [program, ...args] = options.command ?? [process.execPath, daemonPath, ...(options.args ?? ['--stdio'])];
    this.process = spawn(program as string, args, { stdio: 'pipe', env: { ...process.env, ...options.env } });
    this.process.stdout?.on('data', (chunk: Buffer) => this.#receive(chunk));
    this.process.stderr?.on('data', (chunk: Buffer) => (this.stderr += chunk.toString()));
    this.process.stdin?.on('error', () => undefined);
    this.exited = new Promise((resolve) => this.process.on('exit', (code) => {
      resolve(code);
      for (const settle of this.#waiting.values()) settle({ error: { code: 0, message: 'the daemon is gone' } });
    }));
  }

  /** The whole answer: a result or an error. */
  call(method: string, params?: unknown): Promise<Message> & { id: number } {
    const id = this.#nextId++;
    const answer = new Promise<Message>((resolve) => this.#waiting.set(id, resolve));
    this.send({ jsonrpc: '2.0', id, method, ...(params === undefined ? {} : { params }) });
    return Object.assign(answer, { id });
  }

  /** The result, or a failure with the error in its text. */
  async request(method: string, params?: unknown): Promise<any> {
    const { result, error } = await this.call(method, params);
    if (error) throw new Error(`${method}: ${error.code} ${error.message} ${JSON.stringify(error.data)}`);
    return result;
  }

  notify(method: string, params?: unknown): void {
    this.send({ jsonrpc: '2.0', method, ...(params === undefined ? {} : { params }) });
  }

  send(message: object): void {
    const body = Buffer.from(JSON.stringify(message));
    this.process.stdin?.write(Buffer.concat([Buffer.from(`Content-Length: ${body.length}\r\n\r\n`), body]));
  }

  async initialize(capabilities: object = {}, more: object = {}): Promise<any> {
    const result = await this.request('initialize', { processId: process.pid, capabilities, ...more });
    this.notify('initialized', {});
    return result;
  }

  /** The polite end. */
  async end(): Promise<number | null> {
    await this.call('shutdown');
    this.notify('exit');
    return this.exited;
  }

  #receive(chunk: Buffer): void {
    this.#buffer = this.#buffer.length === 0 ? chunk : Buffer.concat([this.#buffer, chunk]);
    for (;;) {
      const end = this.#buffer.indexOf('\r\n\r\n');
      if (end < 0) return;
      const header = this.#buffer.subarray(0, end).toString('latin1');
      const length = Number(/^Content-Length: (\d+)$/m.exec(header)?.[1]);
      if (!Number.isInteger(length)) throw new Error(`not a frame: ${header}`);
      if (this.#buffer.length < end + 4 + length) return;
      const message = JSON.parse(this.#buffer.subarray(end + 4, end + 4 + length).toString()) as Message;
      this.#buffer = this.#buffer.subarray(end + 4 + length);
      this.#dispatch(message);
    }
  }

  #dispatch(message: Message): void {
    if (message.method !== undefined) {
      this.notifications.push(message);
      this.onNotification(message);
      return;
    }
    const settle = this.#waiting.get(message.id as number);
    this.#waiting.delete(message.id as number);
    settle?.(message);
  }
}

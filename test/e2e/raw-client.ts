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
  #chunks: Buffer[] = [];
  #held = 0;
  /** So many bytes have to be there before there is anything to do. */
  #needed = 0;
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

  /** A frame that comes in many chunks is put together once. */
  #receive(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#held += chunk.length;
    if (this.#held < this.#needed) return;
    let buffer = Buffer.concat(this.#chunks);
    this.#needed = 0;
    for (let end = buffer.indexOf('\r\n\r\n'); end >= 0; end = buffer.indexOf('\r\n\r\n')) {
      const header = buffer.subarray(0, end).toString('latin1');
      const length = Number(/^Content-Length: (\d+)$/m.exec(header)?.[1]);
      if (!Number.isInteger(length)) throw new Error(`not a frame: ${header}`);
      this.#needed = end + 4 + length;
      if (buffer.length < this.#needed) break;
      const message = JSON.parse(buffer.subarray(end + 4, this.#needed).toString()) as Message;
      buffer = buffer.subarray(this.#needed);
      this.#needed = 0;
      this.#dispatch(message);
    }
    this.#chunks = [buffer];
    this.#held = buffer.length;
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

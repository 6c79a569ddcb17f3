/**
 * An independent client: it writes and reads the frames itself, knows the daemon only by the protocol, and imports
 * nothing from this project.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const daemonPath = fileURLToPath(new URL('../../server/bin/codebeaker.js', import.meta.url));

export interface Message {
  id?: number | string | null;
  method?: string;
  params?: any;
  result?: any;
  error?: { code: number; message: string; data?: any };
}

interface Documented {
  methods: { name: string; errors?: { $ref: string }[] }[];
  components: { errors: Record<string, { code: number }> };
}

/** The codes of the errors that openrpc.json names, by method. */
const documented = new Map<string, Set<number>>();
{
  const { methods, components } = JSON.parse(readFileSync(new URL('../../openrpc.json', import.meta.url), 'utf8')) as Documented;
  for (const { name, errors = [] } of methods) {
    documented.set(name, new Set(errors.map(({ $ref }) => components.errors[$ref.slice($ref.lastIndexOf('/') + 1)]?.code as number)));
  }
}

/** What a request gets instead of a response. */
const noAnswer: Message = { error: { code: 0, message: 'the daemon has exited' } };

export class RawClient {
  readonly process: ChildProcess;
  readonly notifications: Message[] = [];
  /** Is called for every notification when it arrives. */
  onNotification: (message: Message) => void = () => undefined;
  stderr = '';
  readonly exited: Promise<number | null>;
  readonly #waiting = new Map<number, (message: Message) => void>();
  #chunks: Buffer[] = [];
  #held = 0;
  /** While fewer bytes than this have been received, the frame is not complete. */
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
      for (const settle of this.#waiting.values()) settle(noAnswer);
    }));
  }

  get #hasExited(): boolean {
    return this.process.exitCode !== null || this.process.signalCode !== null;
  }

  /** Sends a request. Resolves with the whole response, which has a result or an error. @throws if no document names the error for the method */
  call(method: string, params?: unknown): Promise<Message> & { id: number } {
    const id = this.#nextId++;
    const answer = new Promise<Message>((resolve) => (this.#hasExited ? resolve(noAnswer) : this.#waiting.set(id, resolve))).then((message) => {
      const { code = 0 } = message.error ?? {};
      if (code !== 0 && documented.get(method)?.has(code) === false) throw new Error(`${method} answered ${code}, which openrpc.json does not name`);
      return message;
    });
    this.send({ jsonrpc: '2.0', id, method, ...(params === undefined ? {} : { params }) });
    return Object.assign(answer, { id });
  }

  /** Sends a request. Resolves with the result. @throws an error that contains the error of the response */
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

  /** Sends `shutdown` and `exit`, and resolves with the exit code. */
  async end(): Promise<number | null> {
    await this.call('shutdown');
    this.notify('exit');
    return this.exited;
  }

  /** The chunks of a frame are joined only once, when all of them are there. */
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

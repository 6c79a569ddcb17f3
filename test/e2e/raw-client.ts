/**
 * An independent client: it writes and reads the frames itself, knows the daemon only by the protocol, and imports
 * nothing from this project. It has a daemon of its own, with which it speaks over stdio or over a WebSocket.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { WebSocket } from 'ws';
import { type Message, RawConversation } from './raw-conversation.ts';

export type { Message } from './raw-conversation.ts';

export const daemonPath = fileURLToPath(new URL('../../server/bin/codebeaker.js', import.meta.url));

/** How a client speaks with its daemon. `CODEBEAKER_TRANSPORT` says it for all tests that do not say it themselves. */
export type RawTransport = 'stdio' | 'websocket';
const usual: RawTransport = process.env.CODEBEAKER_TRANSPORT === 'websocket' ? 'websocket' : 'stdio';

export class RawClient extends RawConversation {
  readonly process: ChildProcess;
  stderr = '';
  /** Resolves when the daemon has ended and all that it wrote has arrived. */
  readonly exited: Promise<number | null>;
  #chunks: Buffer[] = [];
  #held = 0;
  /** While fewer bytes than this have been received, the frame is not complete. */
  #needed = 0;

  readonly #webSocket: Promise<WebSocket> | undefined;

  /** A client with a `command` or `args` of its own speaks over stdio. */
  constructor(options: { args?: string[]; env?: Record<string, string>; command?: string[]; over?: RawTransport } = {}) {
    super();
    const folder = (options.over ?? (options.command ?? options.args ? 'stdio' : usual)) === 'websocket' ? mkdtempSync(join(tmpdir(), 'codebeaker-test-')) : undefined;
    const path = folder && join(folder, 'daemon.sock');
    const [program, ...args] = options.command ?? [process.execPath, daemonPath, ...(options.args ?? (path ? ['serve', '--listen', `unix:${path}`, '--share', '/'] : ['--stdio']))];
    this.process = spawn(program as string, args, { stdio: 'pipe', env: { ...process.env, ...options.env } });
    this.#webSocket = path === undefined ? undefined : this.#connect(path);
    if (!path) this.process.stdout?.on('data', (chunk: Buffer) => this.#receive(chunk));
    this.process.stderr?.on('data', (chunk: Buffer) => (this.stderr += chunk.toString()));
    this.process.stdin?.on('error', () => undefined);
    this.exited = new Promise((resolve) => this.process.on('close', (code) => {
      resolve(code);
      this.ended();
      if (folder) rmSync(folder, { recursive: true, force: true });
    }));
  }

  send(message: object): void {
    if (this.#webSocket) return void this.#webSocket.then((webSocket) => webSocket.send(JSON.stringify(message)));
    const body = Buffer.from(JSON.stringify(message));
    this.process.stdin?.write(Buffer.concat([Buffer.from(`Content-Length: ${body.length}\r\n\r\n`), body]));
  }

  /** Sends `shutdown` and `exit`, and resolves with the exit code. */
  async end(): Promise<number | null> {
    await this.call('shutdown');
    this.notify('exit');
    return this.exited;
  }

  /** When the connection has ended, so has the daemon, as over stdio. */
  async #connect(path: string): Promise<WebSocket> {
    await new Promise((resolve) => this.process.stdout?.once('data', resolve));
    const webSocket = new WebSocket(`ws+unix:${path}:/`);
    webSocket.on('message', (data: Buffer) => this.dispatch(JSON.parse(data.toString()) as Message));
    webSocket.on('error', () => undefined);
    webSocket.on('close', () => this.process.kill());
    await new Promise((resolve) => webSocket.once('open', resolve));
    return webSocket;
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
      this.dispatch(message);
    }
    this.#chunks = [buffer];
    this.#held = buffer.length;
  }
}

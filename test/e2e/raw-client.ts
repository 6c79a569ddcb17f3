/**
 * An independent client: it writes and reads the frames itself, knows the daemon only by the protocol, and imports
 * nothing from this project.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type Message, RawConversation } from './raw-conversation.ts';

export type { Message } from './raw-conversation.ts';

export const daemonPath = fileURLToPath(new URL('../../server/bin/codebeaker.js', import.meta.url));

export class RawClient extends RawConversation {
  readonly process: ChildProcess;
  stderr = '';
  readonly exited: Promise<number | null>;
  #chunks: Buffer[] = [];
  #held = 0;
  /** While fewer bytes than this have been received, the frame is not complete. */
  #needed = 0;

  constructor(options: { args?: string[]; env?: Record<string, string>; command?: string[] } = {}) {
    super();
    const [program, ...args] = options.command ?? [process.execPath, daemonPath, ...(options.args ?? ['--stdio'])];
    this.process = spawn(program as string, args, { stdio: 'pipe', env: { ...process.env, ...options.env } });
    this.process.stdout?.on('data', (chunk: Buffer) => this.#receive(chunk));
    this.process.stderr?.on('data', (chunk: Buffer) => (this.stderr += chunk.toString()));
    this.process.stdin?.on('error', () => undefined);
    this.exited = new Promise((resolve) => this.process.on('exit', (code) => {
      resolve(code);
      this.ended();
    }));
  }

  send(message: object): void {
    const body = Buffer.from(JSON.stringify(message));
    this.process.stdin?.write(Buffer.concat([Buffer.from(`Content-Length: ${body.length}\r\n\r\n`), body]));
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
      this.dispatch(message);
    }
    this.#chunks = [buffer];
    this.#held = buffer.length;
  }
}

/** A real `codebeaker serve --listen`, and independent clients that are connected to it by WebSocket. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Duplex } from 'node:stream';
import { WebSocket } from 'ws';
import { daemonEnvironment } from './environment.ts';
import { daemonPath } from './raw-client.ts';
import { type Message, RawConversation } from './raw-conversation.ts';

const folder = mkdtempSync(join(tmpdir(), 'codebeaker-test-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));

/** A file with a token of its own. */
export function tokenFile(token = randomBytes(16).toString('hex'), mode = 0o600): { path: string; token: string } {
  const path = join(folder, randomUUID());
  writeFileSync(path, `${token}\n`, { mode });
  return { path, token };
}

export class RemoteClient extends RawConversation {
  readonly webSocket: WebSocket;
  /** The binary messages, each of which has what is written together. */
  readonly binary: Duplex;
  /** Resolves with the code with which the connection was closed. */
  readonly closed: Promise<number>;
  readonly #opened: Promise<unknown>;

  constructor(webSocket: WebSocket) {
    super();
    this.webSocket = webSocket;
    this.binary = new Duplex({
      read: () => undefined,
      write: (chunk: Buffer, _encoding, done) => webSocket.send(chunk, { binary: true }, done),
      writev: (chunks, done) => webSocket.send(Buffer.concat(chunks.map(({ chunk }) => chunk as Buffer)), { binary: true }, done),
    });
    this.#opened = once(webSocket, 'open');
    this.#opened.catch(() => undefined);
    webSocket.on('message', (data: Buffer, isBinary: boolean) => {
      if (isBinary) this.binary.push(data);
      else this.dispatch(JSON.parse(data.toString()) as Message);
    });
    webSocket.on('error', () => undefined);
    this.closed = new Promise((resolve) => webSocket.on('close', (code) => {
      this.ended();
      resolve(code);
    }));
  }

  send(message: object): void {
    void this.#opened.then(() => this.webSocket.send(JSON.stringify(message)), () => undefined);
  }

  /** Sends `shutdown` and `exit`, and resolves when the daemon has closed the connection. */
  async end(): Promise<number> {
    await this.call('shutdown');
    this.notify('exit');
    return this.closed;
  }
}

export class RemoteDaemon {
  readonly process: ChildProcess;
  readonly token: string;
  readonly exited: Promise<number | null>;
  /** `host:port`, or the path of the socket. */
  at = '';
  stderr = '';

  /** It listens at a free port, or at `at`, with a token; `unix: true`: at a socket, without one, which is `at` or any. `before`: the daemon whose token it has. */
  static async start({ unix = false, at, before, args = [], config = {}, env = {} }: { unix?: boolean; at?: string; before?: RemoteDaemon; args?: string[]; config?: object; env?: Record<string, string> } = {}): Promise<RemoteDaemon> {
    const { path, token } = before ? { path: before.tokenPath, token: before.token } : tokenFile();
    const where = unix ? ['--listen', `unix:${at ?? join(folder, randomUUID(), 'daemon.sock')}`] : ['--listen', at ?? '127.0.0.1:0', '--token-file', path];
    const daemon = new RemoteDaemon([...where, ...args], { ...daemonEnvironment(config), ...env }, token, path);
    let line = '';
    for await (const chunk of daemon.process.stdout as AsyncIterable<Buffer>) {
      line += chunk.toString();
      if (line.endsWith('\n')) break;
    }
    const [, found] = /^codebeaker listens at (?:unix:)?(.*)\n$/.exec(line) ?? [];
    if (found === undefined) throw new Error(`the daemon does not listen: ${line} ${daemon.stderr}`);
    daemon.at = found;
    return daemon;
  }

  private constructor(args: string[], env: Record<string, string>, token: string, readonly tokenPath: string) {
    this.token = token;
    this.process = spawn(process.execPath, [daemonPath, 'serve', ...args], { stdio: 'pipe', env: { ...process.env, ...env } });
    this.process.stderr?.on('data', (chunk: Buffer) => (this.stderr += chunk.toString()));
    this.exited = new Promise((resolve) => this.process.on('exit', resolve));
  }

  get pid(): number {
    return this.process.pid as number;
  }

  /** A client that has the token. */
  client({ token = this.token, protocols = [], headers = {} }: { token?: string; protocols?: string[]; headers?: Record<string, string> } = {}): RemoteClient {
    const url = this.at.startsWith('/') ? `ws+unix:${this.at}:/` : `ws://${this.at}/`;
    return new RemoteClient(new WebSocket(url, protocols, { headers: { authorization: `Bearer ${token}`, ...headers } }));
  }

  fetch(path: string, { headers = {}, ...init }: Omit<RequestInit, 'headers'> & { headers?: Record<string, string> } = {}): Promise<Response> {
    return fetch(`http://${this.at}${path}`, { ...init, headers: { authorization: `Bearer ${this.token}`, ...headers } });
  }

  /** Tells it to end. Resolves with its exit code. */
  stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    this.process.kill(signal);
    return this.exited;
  }
}

/** Starts daemons for the tests of one block, and kills those that a test which fails would leave. */
export function remoteDaemons(): typeof RemoteDaemon.start {
  const started: RemoteDaemon[] = [];
  afterEach(() => {
    for (const { process: left } of started.splice(0)) left.kill('SIGKILL');
  });
  return async (...options) => {
    const daemon = await RemoteDaemon.start(...options);
    started.push(daemon);
    return daemon;
  };
}

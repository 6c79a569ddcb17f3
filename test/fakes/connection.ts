/** A connection to a fake daemon, which answers as the test says. */
import { ResponseError } from 'vscode-jsonrpc/node';
import { Listeners } from '../../client-vscode/src/base/listeners.ts';
import { ConnectionClosed } from '../../client-vscode/src/client/faults.ts';
import type { Connection } from '../../client-vscode/src/client/connection.ts';
import { errorCodes, type ErrorKind, type Session } from '../../server/src/protocol/index.ts';

type Answer = (params: any, token: { onCancellationRequested(listener: () => void): unknown; isCancellationRequested: boolean } | undefined) => unknown;

export class FakeConnection implements Connection {
  readonly sent: { readonly method: string; readonly params: any }[] = [];
  readonly answers = new Map<string, Answer>();
  readonly #told = new Listeners<{ readonly method: string; readonly params: any }>();
  readonly #pending = new Set<(fault: Error) => void>();
  #end: (how: string) => void = () => undefined;
  readonly ended: Promise<string>;
  closed = false;
  readonly server: Connection['server'];

  constructor(capabilities: object = {}) {
    this.server = {
      protocolVersion: '1.0',
      serverInfo: { name: 'codebeaker', version: '1' },
      capabilities: { runtimes: [], methods: [], sessions: {}, output: { flowControl: true, windowBytes: 1, maxChunkBytes: 1 }, pty: {}, ...capabilities },
    } as unknown as Connection['server'];
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    this.answer('session/create', ({ label, language }) => session({ label, language }));
    this.answer('session/close', ({ sessionId }) => ({ sessionId, closed: true }));
    this.answer('session/list', () => ({ sessions: [] }));
    this.answer('command/listDirectory', ({ path }) => ({ path, entries: [], truncated: false }));
    this.answer('command/writeFile', ({ path, content }) => ({ path, bytes: content.length }));
    this.answer('command/signal', () => null);
    this.answer('command/runCode', () => execution());
  }

  answer(method: string, answer: Answer): void {
    this.answers.set(method, answer);
  }

  tell(method: string, params: object): void {
    this.#told.tell({ method, params });
  }

  output(commandId: string, seq: number, data: string, stream = 'stdout'): void {
    this.tell('command/output', { commandId, seq, data, stream, encoding: 'utf-8' });
  }

  /** The parameters of all requests and notifications with this method. */
  calls(method: string): any[] {
    return this.sent.filter((call) => call.method === method).map(({ params }) => params);
  }

  /** Ends the daemon's process. */
  die(how = 'ended with code 1'): void {
    this.closed = true;
    for (const reject of this.#pending) reject(new ConnectionClosed());
    this.#end(how);
  }

  request: Connection['request'] = (method, params, token) => {
    this.sent.push({ method, params });
    if (this.closed) return Promise.reject(new ConnectionClosed());
    const answer = this.answers.get(method);
    if (!answer) throw new Error(`the test has no answer for ${method}`);
    return new Promise<any>((resolve, reject) => {
      this.#pending.add(reject);
      Promise.resolve()
        .then(() => answer(params, token))
        .then(resolve, reject)
        .finally(() => this.#pending.delete(reject));
    });
  };

  /** What is done when a notification comes. */
  readonly hears = new Map<string, (params: any) => void>();
  notify: Connection['notify'] = (method, params) => {
    this.sent.push({ method, params });
    this.hears.get(method)?.(params);
  };

  readonly handlers = new Map<string, (params: any, token: any) => Promise<any>>();
  handle: Connection['handle'] = (method, handler) => void this.handlers.set(method, handler);

  on: Connection['on'] = (name, listener) =>
    this.#told.add(({ method, params }) => {
      if (method === name) listener(params);
    });

  onProgress: Connection['onProgress'] = (token, listener) =>
    this.#told.add(({ method, params }) => {
      if (method === '$/progress' && params.token === token) listener(params.value);
    });

  async close(): Promise<void> {
    this.sent.push({ method: 'shutdown', params: undefined });
    this.die('ended with code 0');
  }
}

export function fault(kind: ErrorKind, message: string = kind): ResponseError<object> {
  return new ResponseError(errorCodes[kind], message, { kind });
}

export function execution(more: object = {}): object {
  return { commandId: 'c', outcome: 'exited', exitCode: 0, signal: null, stdoutBytes: 0, stderrBytes: 0, truncated: false, durationMs: 12, language: 'python', phases: [], ...more };
}

const MiB = 1024 * 1024;

export function session(more: Partial<Session> = {}): Session {
  return {
    sessionId: 's1',
    runtime: 'docker',
    state: 'ready',
    warm: false,
    workspace: '/workspace',
    createdAt: '2030-01-01T00:00:00.000Z',
    lastActiveAt: '2030-01-01T00:00:00.000Z',
    expiresAt: '2030-01-01T00:30:00.000Z',
    idleTimeoutMs: 1_800_000,
    maxLifetimeMs: 7_200_000,
    limits: { memoryBytes: 512 * MiB, cpus: 1, pids: 256, diskBytes: 256 * MiB, outputBytes: 16 * MiB, timeoutMs: 2_000, packageBytes: 1024 * MiB },
    network: { mode: 'none' },
    isolation: { score: 7, layers: [] },
    commandCount: 0,
    usage: { cpuMs: 0, peakMemoryBytes: 0 },
    ...more,
  };
}

/** Waits until all promises that can settle have settled. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise<void>((resolve) => void setImmediate(resolve));
}

/** One conversation with one daemon, from `initialize` to the end of its process. */
import {
  type CancellationToken,
  ConnectionError,
  createMessageConnection,
  ErrorCodes,
  type MessageConnection,
  ProgressType,
  ResponseError,
  StreamMessageReader,
  StreamMessageWriter,
} from 'vscode-jsonrpc/node';
import type { InitializeParams, InitializeResult } from 'codebeaker/protocol';
import { Listeners } from '../base/listeners.ts';
import { type Log, words } from '../base/log.ts';
import { LinkClosed } from './faults.ts';
import type { NotificationName, Params, RequestName, Result, TellingName } from './methods.ts';
import type { DaemonProcess } from './process.ts';

export interface Progress {
  readonly message?: string;
  readonly percentage?: number;
}

export interface Link {
  readonly server: InitializeResult;
  /** Rejects with ResponseError, or with LinkClosed when the daemon goes before it answers. */
  request<N extends RequestName>(name: N, params: Params<N>, token?: CancellationToken): Promise<Result<N>>;
  /** A notification to a daemon that is gone is dropped. */
  notify<N extends NotificationName>(name: N, params: Params<N>): void;
  on<N extends TellingName>(name: N, listener: (params: Params<N>) => void): { dispose(): void };
  onProgress(token: string, listener: (progress: Progress) => void): { dispose(): void };
  /** How the daemon ended, in words. */
  readonly ended: Promise<string>;
  /** Ends the conversation, and the process if it does not end by itself within the deadline. */
  close(): Promise<void>;
}

export const CLOSE_DEADLINE_MS = 3_000;

/** @throws what the daemon answers to `initialize`, or LinkClosed. The process is gone then. */
export async function openLink(daemon: DaemonProcess, params: InitializeParams, after: (ms: number, callback: () => void) => () => void, log: Log): Promise<Link> {
  const connection = createMessageConnection(new StreamMessageReader(daemon.output), new StreamMessageWriter(daemon.input), {
    error: (message) => log.error(message),
    warn: (message) => log.warn(message),
    info: (message) => log.info(message),
    log: (message) => log.trace(message),
  });
  // vscode-jsonrpc has one handler for a method: here everybody who wants to hear does.
  const told = new Map<string, Listeners<unknown>>();
  connection.onNotification((method, params) => told.get(method)?.tell(params));
  connection.onError(([fault]) => log.warn(`the connection: ${fault.message}`));
  connection.onNotification('window/logMessage', ({ message }: { message: string }) => log.info(message));
  connection.onNotification('$/logTrace', ({ message, verbose }: { message: string; verbose?: string }) => {
    log.info(verbose === undefined ? message : `${message}\n${verbose}`);
  });
  connection.listen();
  // Without it, vscode-jsonrpc leaves requests pending for ever.
  void daemon.ended.then(() => connection.dispose());
  try {
    const server = await answered(() => connection.sendRequest<InitializeResult>('initialize', params));
    await answered(() => connection.sendNotification('initialized', {}));
    return createLink(connection, daemon, server, told, after, log);
  } catch (fault) {
    daemon.kill();
    throw fault;
  }
}

/** What is sent after the end throws at once, what was sent before is rejected: both are LinkClosed here. */
async function answered<T>(send: () => Promise<T>): Promise<T> {
  try {
    return await send();
  } catch (fault) {
    throw isEnd(fault) ? new LinkClosed() : fault;
  }
}

function isEnd(fault: unknown): boolean {
  return fault instanceof ConnectionError || (fault instanceof ResponseError && fault.code === ErrorCodes.PendingResponseRejected);
}

function createLink(
  connection: MessageConnection,
  daemon: DaemonProcess,
  server: InitializeResult,
  told: Map<string, Listeners<unknown>>,
  after: (ms: number, callback: () => void) => () => void,
  log: Log,
): Link {
  const notify = (name: string, params: object) => {
    answered(() => connection.sendNotification(name, params)).catch((fault: unknown) => log.trace(`${name} was not sent: ${words(fault)}`));
  };
  return {
    server,
    ended: daemon.ended,
    // A token that is undefined would count as a second parameter.
    request: (name, params, token) => answered(() => (token ? connection.sendRequest(name, params, token) : connection.sendRequest(name, params))),
    notify: (name, params) => notify(name, params as object),
    on(name, listener) {
      const listeners = told.get(name) ?? new Listeners<unknown>();
      told.set(name, listeners);
      return listeners.add((params) => listener(params as Params<typeof name>));
    },
    onProgress: (token, listener) => connection.onProgress(new ProgressType<Progress>(), token, listener),
    async close() {
      const cancel = after(CLOSE_DEADLINE_MS, () => daemon.kill());
      await answered(() => connection.sendRequest('shutdown')).catch(() => undefined);
      notify('exit', {});
      await daemon.ended;
      cancel();
    },
  };
}

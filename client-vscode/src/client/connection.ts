/** The connection to one daemon, from `initialize` to the end of its process. */
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
import type { Clock } from '../base/clock.ts';
import { Listeners } from '../base/listeners.ts';
import { type Log, messageOf } from '../base/log.ts';
import { ConnectionClosed } from './faults.ts';
import type { NotificationName, Params, RequestName, Result, ServerNotificationName, ServerRequestName } from './methods.ts';
import type { DaemonProcess } from './process.ts';

export interface Progress {
  readonly message?: string;
  readonly percentage?: number;
}

export interface Connection {
  readonly server: InitializeResult;
  /** Rejects with ResponseError, or with ConnectionClosed if the daemon ends before it answers. */
  request<N extends RequestName>(name: N, params: Params<N>, token?: CancellationToken): Promise<Result<N>>;
  /** Does nothing if the daemon has ended. */
  notify<N extends NotificationName>(name: N, params: Params<N>): void;
  on<N extends ServerNotificationName>(name: N, listener: (params: Params<N>) => void): { dispose(): void };
  /** Answers a request of the daemon. There is one handler for each method. */
  handle<N extends ServerRequestName>(name: N, handler: (params: Params<N>, token: CancellationToken) => Promise<Result<N>>): void;
  onProgress(token: string, listener: (progress: Progress) => void): { dispose(): void };
  /** Resolves with how the daemon ended, in words. */
  readonly ended: Promise<string>;
  /** Shuts the daemon down, and kills it if it does not end within the deadline. */
  close(): Promise<void>;
}

type NotificationListeners = Map<string, Listeners<unknown>>;

export const CLOSE_DEADLINE_MS = 3_000;

export interface ConnectionNeeds {
  readonly clock: Clock;
  readonly log: Log;
  /** Shows a message of the daemon to the person. */
  show(message: { readonly type: number; readonly message: string }): void;
}

/** @throws what the daemon answers to `initialize`, or ConnectionClosed. The process is killed then. */
export async function openConnection(daemon: DaemonProcess, params: InitializeParams, { clock, log, show }: ConnectionNeeds): Promise<Connection> {
  const rpc = createMessageConnection(new StreamMessageReader(daemon.output), new StreamMessageWriter(daemon.input), {
    error: (message) => log.error(message),
    warn: (message) => log.warn(message),
    info: (message) => log.info(message),
    log: (message) => log.trace(message),
  });
  // vscode-jsonrpc has only one handler for each method, but several parts listen to the same one.
  const listeners: NotificationListeners = new Map();
  rpc.onNotification((method, told) => listeners.get(method)?.tell(told));
  rpc.onError(([fault]) => log.warn(`The connection to the daemon: ${fault.message}`));
  rpc.onNotification('window/logMessage', ({ message }: { message: string }) => log.info(message));
  rpc.onNotification('window/showMessage', show);
  rpc.onNotification('$/logTrace', ({ message, verbose }: { message: string; verbose?: string }) => {
    log.info(verbose === undefined ? message : `${message}\n${verbose}`);
  });
  rpc.listen();
  // vscode-jsonrpc rejects pending requests only when it is disposed of.
  void daemon.ended.then(() => rpc.dispose());
  try {
    const server = await orConnectionClosed(() => rpc.sendRequest<InitializeResult>('initialize', params));
    await orConnectionClosed(() => rpc.sendNotification('initialized', {}));
    return createConnection({ rpc, daemon, server, listeners, clock, log });
  } catch (fault) {
    daemon.kill();
    throw fault;
  }
}

/** After the end, vscode-jsonrpc throws at once what is sent and rejects what was sent before: both become ConnectionClosed. */
async function orConnectionClosed<T>(send: () => Promise<T>): Promise<T> {
  try {
    return await send();
  } catch (fault) {
    throw isEnd(fault) ? new ConnectionClosed() : fault;
  }
}

function isEnd(fault: unknown): boolean {
  return fault instanceof ConnectionError || (fault instanceof ResponseError && fault.code === ErrorCodes.PendingResponseRejected);
}

interface ConnectionParts {
  readonly rpc: MessageConnection;
  readonly daemon: DaemonProcess;
  readonly server: InitializeResult;
  readonly listeners: NotificationListeners;
  readonly clock: Clock;
  readonly log: Log;
}

function createConnection({ rpc, daemon, server, listeners, clock, log }: ConnectionParts): Connection {
  const notify = (name: string, params: object) => {
    orConnectionClosed(() => rpc.sendNotification(name, params)).catch((fault: unknown) => log.trace(`${name} was not sent: ${messageOf(fault)}`));
  };
  return {
    server,
    ended: daemon.ended,
    // vscode-jsonrpc would count an undefined token as a second parameter.
    request: (name, params, token) => orConnectionClosed(() => (token ? rpc.sendRequest(name, params, token) : rpc.sendRequest(name, params))),
    notify: (name, params) => notify(name, params as object),
    on(name, listener) {
      const ofName = listeners.get(name) ?? new Listeners<unknown>();
      listeners.set(name, ofName);
      return ofName.add((params) => listener(params as Params<typeof name>));
    },
    handle: (name, handler) => void rpc.onRequest(name, (params: Params<typeof name>, token: CancellationToken) => handler(params, token)),
    onProgress: (token, listener) => rpc.onProgress(new ProgressType<Progress>(), token, listener),
    async close() {
      const cancelDeadline = clock.after(CLOSE_DEADLINE_MS, () => daemon.kill());
      await orConnectionClosed(() => rpc.sendRequest('shutdown')).catch(() => undefined);
      notify('exit', {});
      await daemon.ended;
      cancelDeadline();
    },
  };
}

/** The interface between a connection and the service behind it: calls to the service, and messages to the client. */
import type { Channels, ClientCapabilities, InitializeParams, Method, ParamsOf, ResultOf, ServerCapabilities } from '../protocol/index.ts';
import type { DataChannel } from './channels/data-channel.ts';

/** One call of a method, that is, a request or a notification of the client. An alias has been resolved already. */
export interface Call {
  readonly method: Method;
  /** The params, which have been validated: they have the type of the method's schema. */
  readonly params: unknown;
  /** Aborts when the client cancels the request, and when the connection closes. */
  readonly signal: AbortSignal;
  /** Aborts when the connection closes, before `signal` does for that reason. Absent: the call comes from no connection itself. */
  readonly closing?: AbortSignal | undefined;
  /** The number of the request on its connection, for the log. undefined: it is a notification. */
  readonly request?: number | undefined;
  /** What the client sent with the request so that it is found in its trace. */
  readonly traceparent?: string | undefined;
}

/**
 * Serves a call. It resolves with the result, or rejects with a ProtocolError; any other error is answered as an
 * internal error. It is called in the order in which the messages arrive, and synchronously with their arrival.
 */
export type Serve = (call: Call) => Promise<unknown>;

/** How a client goes: it says so, with `shutdown`, or its connection closes without that. */
export type Ending = 'shutdown' | 'lost';

/** The service behind one connection. It is made when the client sends `initialize`. */
export interface Service {
  /** What the result of `initialize` says about the daemon. */
  readonly capabilities: ServerCapabilities;
  /**
   * Called once, when the result of `initialize` has been written; from now on notifications may be sent to the client.
   * Resolves with the function that serves all further calls; those that arrive in the meantime wait for it.
   */
  start(): Promise<Serve>;
  /**
   * Ends all commands and removes every sandbox; where the client was lost, but for what waits for it. Called once: at
   * shutdown, or, without that, when the connection closes.
   */
  close(how: Ending): Promise<void>;
}

/** The client of one connection, as the service sees it. */
export interface Client {
  /** The capabilities in the params of `initialize`. */
  readonly capabilities: ClientCapabilities;
  /** The streams of the data channel. Absent: the connection has none. */
  readonly data?: DataChannel | undefined;
  /** The channels beside the one for messages. Absent: the client asked for none. */
  readonly channels?: Channels | undefined;
  /**
   * Sends a notification. Resolves when the transport has room for the next message; a sender that waits for this
   * applies back-pressure. Never rejects.
   */
  notify<M extends Method>(method: M, params: ParamsOf<M>): Promise<void>;
  /**
   * Sends a request, and resolves with its result. If `signal` aborts, the request is cancelled.
   * @throws Error where the client answers with an error or with something else than a result, and when the connection ends
   */
  request<M extends Method>(method: M, params: ParamsOf<M>, signal: AbortSignal): Promise<ResultOf<M>>;
  /** Sends LSP's `$/progress`, for a token that the client gave. Resolves as `notify` does. */
  progress(token: string | number, value: object): Promise<void>;
  /** Sends LSP's `$/logTrace`, unless the client has turned traces off. */
  logTrace(message: string): void;
  /** Sends LSP's `window/logMessage`. `type` is LSP's MessageType: 1 error, 2 warning, 3 info, 4 log. */
  logMessage(type: 1 | 2 | 3 | 4, message: string): Promise<void>;
  /** Sends LSP's `window/showMessage`; `logMessage` to a client that has not declared `window.showMessage`. */
  showMessage(type: 1 | 2 | 3 | 4, message: string): Promise<void>;
}

/** Opens the service when the client sends `initialize`. It refuses the client by throwing a ProtocolError. */
export type OpenService = (params: InitializeParams, client: Client) => Promise<Service>;

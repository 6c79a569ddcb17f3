/** What a connection serves, and what it lends to whoever serves: the seam between the wire and the work. */
import type { ClientCapabilities, InitializeParams, Method, ParamsOf, ServerCapabilities } from '../protocol/index.ts';

/** One call of a method, as it is served: aliases are resolved and the params are valid. */
export interface Call {
  readonly method: Method;
  /** As the schema of the method makes them. */
  readonly params: unknown;
  /** Aborts when the client cancels the request, and when the connection goes. */
  readonly signal: AbortSignal;
}

/**
 * Serves a call. What it resolves with is the result; what it rejects with is a ProtocolError, or a fault of ours.
 * Calls are made in the order of arrival, each in the turn in which its message arrives.
 */
export type Serve = (call: Call) => Promise<unknown>;

/** Made at `initialize`, one for each connection. */
export interface Service {
  readonly capabilities: ServerCapabilities;
  /**
   * The result of `initialize` has been written: from now on the client may be told things unasked. Called once.
   * What the client asks meanwhile waits for the result, which serves it.
   */
  start(): Promise<Serve>;
  /** Ends all work and removes every sandbox. Called once: at shutdown, exit, end of input. */
  close(): Promise<void>;
}

/** The client, as those who serve it see it. */
export interface Client {
  readonly capabilities: ClientCapabilities;
  /** Resolves when the transport has taken the message: awaiting it is back-pressure. Never rejects. */
  notify<M extends Method>(method: M, params: ParamsOf<M>): Promise<void>;
  /** LSP's $/progress for a token the client gave. */
  progress(token: string | number, value: object): Promise<void>;
  /** LSP's $/logTrace, where the client wants traces. */
  logTrace(message: string): void;
  /** window/logMessage; `type` is LSP's MessageType. */
  logMessage(type: 1 | 2 | 3 | 4, message: string): Promise<void>;
}

/** Makes the service. `client.capabilities` are those of `params`. Throws ProtocolError to refuse. */
export type Open = (params: InitializeParams, client: Client) => Promise<Service>;

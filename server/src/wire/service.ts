/** What a connection serves, and what it lends to whoever serves: the seam between the wire and the work. */
import type {
  ClientCapabilities,
  ClientMethod,
  InitializeParams,
  Method,
  ParamsOf,
  ResultOf,
  ServerCapabilities,
} from '../protocol/index.ts';

/** Lifecycle methods belong to the connection itself; every other method of the client's has a handler. */
type Lifecycle = 'initialize' | 'initialized' | 'shutdown' | 'exit' | '$/setTrace';
type Served = Exclude<ClientMethod, { name: Lifecycle }>;

/** One handler a method. Params are validated, results are data, faults are ProtocolError. */
export type Handlers = {
  readonly [Name in Served['name']]: (
    params: ParamsOf<Extract<Served, { name: Name }>>,
    context: RequestContext,
  ) => Promise<ResultOf<Extract<Served, { name: Name }>>> | ResultOf<Extract<Served, { name: Name }>>;
};

export interface RequestContext {
  /** Aborts on $/cancelRequest and when the connection goes. */
  readonly signal: AbortSignal;
}

/** Made at `initialize`, one for each connection. */
export interface Service {
  readonly capabilities: ServerCapabilities;
  /**
   * The result of `initialize` has been written: from now on the client may be told things unasked. Called once.
   * What the client asks meanwhile waits for the handlers.
   */
  start(): Promise<Handlers>;
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
  /** window/logMessage; `type` is LSP's MessageType. */
  logMessage(type: 1 | 2 | 3 | 4, message: string): Promise<void>;
}

/** Makes the service. `client.capabilities` are those of `params`. Throws ProtocolError to refuse. */
export type Open = (params: InitializeParams, client: Client) => Promise<Service>;

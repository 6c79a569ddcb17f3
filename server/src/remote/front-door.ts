/**
 * The front door of a listening daemon: an HTTP server that lets in whoever may, and hands WebSockets and requests on.
 * It knows no sessions and no methods.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { MessageTransport } from '../wire/message-transport.ts';
import { WebSocketTransport } from '../wire/websocket.ts';
import { type AccessRules, isKnown, refusalOf, unknown } from './access.ts';
import { refuse, refuseUpgrade } from './answer.ts';
import { BadRequest } from './body.ts';
import { allowPages } from './cors.ts';
import { STRANGER_MS, Strangers } from './strangers.ts';
import type { Served } from './visitor.ts';

const MAX_HEADER_BYTES = 8 * 1024;
/** So long the whole of a request may take to arrive. */
const REQUEST_MS = 300_000;
/** Node looks this often whether a request takes too long. */
const LOOK_MS = 1_000;
/** Whoever has no token may read the pages below this path, so what is not there is no secret either. */
const PAGES = '/docs/';
/** The name of the protocol, for clients that offer names (RFC 6455, section 1.9). */
const SUBPROTOCOL = 'codebeaker.v1';

/** The certificate and the key of TLS, in PEM. */
export interface Tls {
  readonly cert: Buffer;
  readonly key: Buffer;
}

export interface Route {
  readonly method: 'GET' | 'POST';
  /** Whether whoever has no token gets an answer as well. */
  readonly open?: true;
  handle(request: IncomingMessage, response: ServerResponse, known: boolean): Promise<void> | void;
}

export interface FrontDoorParts {
  readonly clock: Clock;
  readonly log: Log;
  /** So many WebSockets and requests are served at once. */
  readonly maxConnections: number;
  readonly maxMessageBytes: number;
  /** By their paths. */
  readonly routes: Readonly<Record<string, Route>>;
  /** Serves the client at the other end of a transport, which is on this connection. */
  connect(transport: MessageTransport, socket: Socket): Served;
}

export class FrontDoor {
  readonly #parts: FrontDoorParts;
  readonly #server: Server | TlsServer;
  readonly #webSockets: WebSocketServer;
  readonly #strangers: Strangers;
  #rules: AccessRules;
  /** The WebSockets and requests that are being served. */
  #guests = 0;
  #closed = false;

  /** `tls`: undefined if it speaks none. @throws Error if the certificate and the key are none */
  constructor(parts: FrontDoorParts, rules: AccessRules, tls: Tls | undefined) {
    const { clock, maxMessageBytes } = parts;
    this.#parts = parts;
    this.#rules = rules;
    this.#strangers = new Strangers(clock);
    this.#webSockets = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: maxMessageBytes,
      // What is read from a message is checked with it.
      skipUTF8Validation: true,
      handleProtocols: (offered) => (offered.has(SUBPROTOCOL) ? SUBPROTOCOL : false),
    });
    const options = { maxHeaderSize: MAX_HEADER_BYTES, headersTimeout: STRANGER_MS, requestTimeout: REQUEST_MS, connectionsCheckingInterval: LOOK_MS, noDelay: true };
    this.#server = tls ? createTlsServer({ ...options, ...tls, minVersion: 'TLSv1.2', handshakeTimeout: STRANGER_MS }) : createServer(options);
    this.#server.on('connection', (socket: Socket) => this.#strangers.add(socket));
    this.#server.on('request', (request, response) => void this.#answer(request, response));
    this.#server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => this.#upgrade(request, socket as Socket, head));
    this.#server.on('clientError', (_fault: Error, socket: Duplex) => socket.destroy());
    this.#server.on('tlsClientError', (_fault: Error, socket: Duplex) => socket.destroy());
  }

  /** What listens. */
  get server(): Server {
    return this.#server;
  }

  /** From now on these rules hold, and this certificate. Those who are in stay. @throws Error if the certificate and the key are none */
  renew(rules: AccessRules, tls: Tls | undefined): void {
    if (tls && 'setSecureContext' in this.#server) this.#server.setSecureContext(tls);
    this.#rules = rules;
  }

  /** Lets nobody in any more. Who is in stays. */
  close(): void {
    this.#closed = true;
    this.#server.close();
  }

  /** Ends the connections of those who are not served any more, or never were. */
  hangUp(): void {
    this.#server.closeAllConnections();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { routes, log } = this.#parts;
    const [path = ''] = (request.url ?? '').split('?');
    const route = Object.hasOwn(routes, path) ? routes[path] : undefined;
    const known = isKnown(request, this.#rules);
    const foreign = refusalOf(request, this.#rules);
    if (!foreign && allowPages(request, response, this.#rules.origins)) return;
    const open = route ? route.open : path.startsWith(PAGES);
    const refusal = foreign ?? (known || open ? undefined : unknown) ?? this.#full();
    if (refusal) {
      this.#tell(request, refusal);
      return refuse(response, refusal);
    }
    if (!route) return refuse(response, { status: 404, message: 'There is nothing at this path. The methods are at /docs.' });
    if (request.method !== route.method) return refuse(response, { status: 405, message: `This path takes ${route.method}.` });
    if (known) this.#strangers.known(request.socket);
    else response.setHeader('Connection', 'close');
    this.#guests += 1;
    response.once('close', () => (this.#guests -= 1));
    try {
      await route.handle(request, response, known);
    } catch (fault) {
      if (!(fault instanceof BadRequest)) log.error(`a request for ${path} failed`, fault);
      if (response.headersSent) response.destroy();
      else if (fault instanceof BadRequest) refuse(response, fault);
      else refuse(response, { status: 500, message: 'Internal error: see the log of the daemon.' });
    }
  }

  #upgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    // Until the WebSocket is there, nobody else listens for errors of the connection.
    const ignore = () => undefined;
    socket.on('error', ignore);
    const refusal = refusalOf(request, this.#rules) ?? (isKnown(request, this.#rules) ? undefined : unknown) ?? this.#full()
      ?? (request.url === '/' ? undefined : { status: 404, message: 'WebSockets are at /.' });
    if (refusal) {
      this.#tell(request, refusal);
      return refuseUpgrade(socket, refusal);
    }
    this.#strangers.known(socket);
    this.#webSockets.handleUpgrade(request, socket, head, (webSocket) => {
      socket.off('error', ignore);
      const { clock, log, connect } = this.#parts;
      this.#guests += 1;
      void connect(new WebSocketTransport({ webSocket, socket, clock, log }), socket).done.then(() => (this.#guests -= 1));
    });
  }

  /** The address alone tells who it was: what was sent may hold a token. */
  #tell({ socket }: IncomingMessage, { status, message }: { status: number; message: string }): void {
    this.#parts.log.info(`${socket.remoteAddress ?? 'somebody at the socket'} was refused with ${status}: ${message}`);
  }

  #full(): { status: number; message: string } | undefined {
    if (this.#closed) return { status: 503, message: 'This daemon is ending.' };
    if (this.#guests < this.#parts.maxConnections) return undefined;
    return { status: 503, message: 'Too many clients are connected: close one, or start the daemon with --max-connections N.' };
  }
}

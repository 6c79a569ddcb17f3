/** The HTTP side of the proxy: CONNECT for bytes that nobody looks at, and requests of plain HTTP with a whole URL. Node's own parser reads them. */
import { type ClientRequest, createServer, type IncomingMessage, request, type Server, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { Sequence } from '../base/promises.ts';
import { formatTarget, parseAuthority, type Target } from './hosts.ts';
import type { BoundHost } from './bound.ts';
import { asRefusal, Refusal } from './refusal.ts';
import type { Purpose, Route } from './upstream.ts';

/** One connection of a program, as the protocols see it. */
export interface Line {
  /** Reaches a place, if it is allowed. @throws Refusal, or the reason why the line is over */
  reach(target: Target, purpose: Purpose): Promise<Route>;
  /** Serves what the program says to a place, over a connection that leads there. Resolves when it is over; never rejects. */
  carry(stream: Duplex, connection: Duplex, target: Target): Promise<void>;
  /** Counts bytes that have moved. */
  moved(bytes: number): void;
  /** The program has asked for something, so that it no longer has to. */
  asked(): void;
  /** It may ask for something more. */
  listening(): void;
}

/** The head of a request is at most this long. */
const MAX_HEAD_BYTES = 16 * 1024;
/** A program may send so many requests on a connection before the first of them is answered. One more breaks it off. */
export const MAX_UNANSWERED = 16;

/** The headers that are about one connection and not about the request (RFC 9110, section 7.6.1), and those that are made anew. */
const ofConnection = new Set(['connection', 'keep-alive', 'proxy-connection', 'proxy-authorization', 'proxy-authenticate', 'te', 'trailer', 'transfer-encoding', 'upgrade', 'expect']);

/** A stream that is served. Of its requests, the next one begins when the one before is answered. */
interface Served {
  readonly line: Line;
  readonly turn: Sequence;
  unanswered: number;
  /** Set where all requests are for one host, which gets a header. */
  readonly bound?: { readonly target: Target; readonly host: BoundHost };
}

/** Serves HTTP on streams that are given to `serve`. */
export class HttpSide {
  readonly #server: Server;
  readonly #served = new WeakMap<object, Served>();

  constructor() {
    this.#server = createServer({ maxHeaderSize: MAX_HEAD_BYTES, insecureHTTPParser: false }, (asked, answer) => {
      this.#take(asked, answer);
    });
    this.#server.on('connect', (asked: IncomingMessage, stream: Duplex, first: Buffer) => {
      this.#tunnel(asked, stream, first).catch((fault: unknown) => refuseRaw(stream, asRefusal(fault)));
    });
    this.#server.on('clientError', (fault: NodeJS.ErrnoException, stream: Duplex) => {
      refuseRaw(stream, fault.code === 'HPE_HEADER_OVERFLOW' ? new Refusal('malformed', `the head of the request is longer than ${MAX_HEAD_BYTES} bytes`) : new Refusal('malformed', 'this is no valid HTTP request'));
    });
  }

  serve(stream: Duplex, line: Line, bound?: Served['bound']): void {
    this.#served.set(stream, { line, turn: new Sequence(), unanswered: 0, ...(bound ? { bound } : {}) });
    this.#server.emit('connection', stream);
  }

  #of(stream: object): Served {
    const served = this.#served.get(stream);
    if (!served) throw new Error('a request came on a stream that was not given to this server');
    served.line.asked();
    return served;
  }

  /** Answers a request when those before it on the same stream are answered. */
  #take(asked: IncomingMessage, answer: ServerResponse): void {
    const served = this.#of(asked.socket);
    if (++served.unanswered > MAX_UNANSWERED) return void asked.socket.destroy();
    void served.turn.run(async () => {
      // After an answer that ended the connection nothing can be answered.
      if (!asked.socket.writable) return;
      const closed = new Promise((resolve) => answer.on('close', resolve));
      await this.#forward(asked, answer, served).catch((fault: unknown) => refuse(answer, asRefusal(fault)));
      await closed;
      served.unanswered--;
    });
  }

  async #tunnel({ url = '' }: IncomingMessage, stream: Duplex, first: Buffer): Promise<void> {
    const { line, bound } = this.#of(stream);
    stream.on('error', () => undefined);
    const target = bound ? undefined : parseAuthority(url);
    if (!target) throw new Refusal('malformed', 'CONNECT needs a host and a port, such as example.com:443');
    const { connection } = await line.reach(target, 'bytes');
    stream.write('HTTP/1.1 200 Connection established\r\n\r\n');
    if (first.length > 0) stream.unshift(first);
    await line.carry(stream, connection, target);
  }

  async #forward(asked: IncomingMessage, answer: ServerResponse, { line, bound }: Served): Promise<void> {
    line.asked();
    answer.on('close', () => line.listening());
    if (bound) return this.#forwardBound(asked, answer, line, bound);
    const { target, path } = parseUrl(asked.url ?? '');
    const { connection, proxied } = await line.reach(target, 'http');
    try {
      const onward = request({
        createConnection: () => connection,
        setHost: false,
        method: asked.method,
        path: proxied ? `http://${hostOf(target)}${path}` : path,
        headers: headersOnward(asked, target, proxied?.headers ?? {}),
      });
      await this.#exchange(asked, answer, onward, connection, line);
    } finally {
      connection.destroy();
    }
  }

  /** Each request has a connection of its own to the real host. */
  async #forwardBound(asked: IncomingMessage, answer: ServerResponse, line: Line, { target, host }: NonNullable<Served['bound']>): Promise<void> {
    const { url: path = '' } = asked;
    if (!path.startsWith('/')) throw new Refusal('malformed', 'a request to this host needs a path that begins with a slash');
    const { connection } = await line.reach(target, 'bytes');
    try {
      const secure = await host.secure(connection);
      const headers = headersOnward(asked, target, { [host.header]: host.value }, 443);
      const onward = request({ createConnection: () => secure, setHost: false, method: asked.method, path, headers });
      await this.#exchange(asked, answer, onward, connection, line, (text) => host.redact(text));
    } finally {
      connection.destroy();
    }
  }

  /** Sends the request on, and its answer back. Resolves when the answer is over, whole or cut off. @throws Refusal where there is no answer */
  #exchange(asked: IncomingMessage, answer: ServerResponse, onward: ClientRequest, connection: Duplex, line: Line, told = (text: string) => text): Promise<void> {
    return new Promise((resolve, reject) => {
      let over = false;
      const cut = () => {
        if (over) return;
        over = true;
        connection.destroy();
        asked.socket.destroy();
        resolve();
      };
      const end = () => {
        over = true;
        resolve();
      };
      onward.on('error', () => (answer.headersSent ? cut() : reject(new Refusal('unreachable', 'the host ended the connection before it had answered'))));
      onward.on('upgrade', () => reject(new Refusal('unreachable', 'the host answered with another protocol, for which nobody had asked')));
      onward.on('response', (response) => {
        try {
          answer.writeHead(response.statusCode ?? 502, told(response.statusMessage ?? ''), forwarded(response.rawHeaders).flat().map(told));
        } catch {
          return reject(new Refusal('unreachable', 'the answer of the host is no valid HTTP'));
        }
        response.on('data', (chunk: Buffer) => line.moved(chunk.length));
        response.on('aborted', cut).on('error', cut).on('end', end).pipe(answer);
      });
      answer.on('close', () => answer.writableFinished || cut());
      asked.on('data', (chunk: Buffer) => line.moved(chunk.length));
      asked.on('aborted', cut).pipe(onward);
    });
  }
}

/** @throws Refusal where it is not `http://host…` */
function parseUrl(url: string): { target: Target; path: string } {
  const [, authority, path = ''] = /^http:\/\/([^/?#]*)([^#]*)/i.exec(url) ?? [];
  if (authority === undefined) throw new Refusal('malformed', /^https:/i.test(url) ? 'a URL with https:// is reached with CONNECT' : "this is CodeBeaker's proxy: it takes CONNECT, and requests with a whole URL, such as GET http://example.com/");
  const target = parseAuthority(authority.slice(authority.lastIndexOf('@') + 1), 80);
  if (!target) throw new Refusal('malformed', 'the URL has no valid host');
  return { target, path: path.startsWith('/') ? path : `/${path}` };
}

/** The request line decides where a request goes, so the header Host says the same. */
function headersOnward({ headers, rawHeaders }: IncomingMessage, target: Target, added: Readonly<Record<string, string>>, standard = 80): string[] {
  const chunked = headers['transfer-encoding'] === undefined ? [] : ['Transfer-Encoding', 'chunked'];
  const replaced = new Set(['host', ...Object.keys(added).map((name) => name.toLowerCase())]);
  const rest = forwarded(rawHeaders).filter(([name]) => !replaced.has(name.toLowerCase())).flat();
  return ['Host', hostOf(target, standard), ...rest, ...Object.entries(added).flat(), ...chunked, 'Connection', 'close'];
}

/** The headers that are about the request or the answer itself; `Connection` names others that are not. */
function forwarded(rawHeaders: readonly string[]): [string, string][] {
  const pairs = rawHeaders.flatMap((name, at) => (at % 2 === 0 ? [[name, rawHeaders[at + 1] ?? ''] as [string, string]] : []));
  const named = pairs.filter(([name]) => name.toLowerCase() === 'connection').flatMap(([, value]) => value.toLowerCase().split(/\s*,\s*/));
  const dropped = new Set([...ofConnection, ...named]);
  dropped.delete('content-length');
  return pairs.filter(([name]) => !dropped.has(name.toLowerCase()));
}

/** Without the port, where that is the `standard` one. */
function hostOf(target: Target, standard = 80): string {
  const text = formatTarget(target);
  return target.port === standard ? text.slice(0, -`:${standard}`.length) : text;
}

/** Many programs show only the first line of an answer, so the reason stands in it. */
function refuse(answer: ServerResponse, { status, message }: Refusal): void {
  if (answer.headersSent) return void answer.socket?.destroy();
  answer.writeHead(status, reasonPhrase(message, status), { 'Content-Type': 'text/plain; charset=utf-8', Connection: 'close' });
  answer.end(`${message}\n`);
}

function refuseRaw(stream: Duplex, { status, message }: Refusal): void {
  if (!stream.writable || stream.destroyed) return void stream.destroy();
  const body = `${message}\n`;
  const head = [`HTTP/1.1 ${status} ${reasonPhrase(message, status)}`, 'Content-Type: text/plain; charset=utf-8', `Content-Length: ${Buffer.byteLength(body)}`, 'Connection: close', '', ''];
  stream.end(head.join('\r\n') + body);
  stream.resume();
}

function reasonPhrase(message: string, status: number): string {
  return /^[\x20-\x7e]{1,400}$/.test(message) ? message : (STATUS_CODES[status] ?? 'Refused');
}

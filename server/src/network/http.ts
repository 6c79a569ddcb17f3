/** The HTTP side of the proxy: CONNECT for bytes that nobody looks at, and requests of plain HTTP with a whole URL. Node's own parser reads them. */
import { createServer, type IncomingMessage, request, type Server, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { Sequence } from '../base/promises.ts';
import { exchange, headersOnward, hostOf } from './exchange.ts';
import { parseAuthority, type Target } from './hosts.ts';
import type { Line } from './line.ts';
import { asRefusal, Refusal } from './refusal.ts';

/** The head of a request is at most this long. */
const MAX_HEAD_BYTES = 16 * 1024;
/** A program may send so many requests on a connection before the first of them is answered. One more breaks it off. */
export const MAX_UNANSWERED = 16;
const HTTP = 80;

/** Answers a request. @throws Refusal */
export type Forward = (asked: IncomingMessage, answer: ServerResponse, line: Line) => Promise<void>;

/** A stream that is served. Of its requests, the next one begins when the one before is answered. */
interface Served {
  readonly line: Line;
  readonly turn: Sequence;
  unanswered: number;
  /** Set where the stream leads to one place already. */
  readonly forward?: Forward | undefined;
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

  /** `forward`: what answers the requests of a stream that leads to one place. By default they say where they go. */
  serve(stream: Duplex, line: Line, forward?: Forward): void {
    this.#served.set(stream, { line, turn: new Sequence(), unanswered: 0, forward });
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
      const { line, forward = forwardAnywhere } = served;
      line.asked();
      answer.on('close', () => line.listening());
      await forward(asked, answer, line).catch((fault: unknown) => refuse(answer, asRefusal(fault)));
      await closed;
      served.unanswered--;
    });
  }

  async #tunnel({ url = '' }: IncomingMessage, stream: Duplex, first: Buffer): Promise<void> {
    const { line, forward } = this.#of(stream);
    stream.on('error', () => undefined);
    if (forward) throw new Refusal('malformed', 'this connection leads to a host already, which is no proxy');
    const target = parseAuthority(url);
    if (!target) throw new Refusal('malformed', 'CONNECT needs a host and a port, such as example.com:443');
    const { connection } = await line.reach(target, 'bytes');
    stream.write('HTTP/1.1 200 Connection established\r\n\r\n');
    if (first.length > 0) stream.unshift(first);
    await line.carry(stream, connection, target);
  }
}

/** A connection to a host serves one request. */
async function forwardAnywhere(asked: IncomingMessage, answer: ServerResponse, line: Line): Promise<void> {
  const { target, path } = parseUrl(asked.url ?? '');
  const host = hostOf(target, HTTP);
  const { connection, proxied } = await line.reach(target, 'http');
  try {
    const onward = request({
      createConnection: () => connection,
      setHost: false,
      method: asked.method,
      path: proxied ? `http://${host}${path}` : path,
      headers: [...headersOnward(asked, host, proxied?.headers ?? {}), 'Connection', 'close'],
    });
    await exchange({ asked, answer, onward, connection, line });
  } finally {
    connection.destroy();
  }
}

/** @throws Refusal where it is not `http://host…` */
function parseUrl(url: string): { target: Target; path: string } {
  const [, authority, path = ''] = /^http:\/\/([^/?#]*)([^#]*)/i.exec(url) ?? [];
  if (authority === undefined) throw new Refusal('malformed', /^https:/i.test(url) ? 'a URL with https:// is reached with CONNECT' : "this is CodeBeaker's proxy: it takes CONNECT, and requests with a whole URL, such as GET http://example.com/");
  const target = parseAuthority(authority.slice(authority.lastIndexOf('@') + 1), HTTP);
  if (!target) throw new Refusal('malformed', 'the URL has no valid host');
  return { target, path: path.startsWith('/') ? path : `/${path}` };
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

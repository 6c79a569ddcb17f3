/** The HTTP side of the proxy: CONNECT for bytes that nobody looks at, and requests of plain HTTP with a whole URL. Node's own parser reads them. */
import { type ClientRequest, createServer, type IncomingMessage, request, type Server, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { Sequence } from '../base/promises.ts';
import { formatTarget, parseAuthority, type Target } from './hosts.ts';
import { type Count, join, Passage } from './join.ts';
import { asRefusal, Refusal } from './refusal.ts';
import type { Purpose, Route } from './upstream.ts';

/** One connection of a program, as the protocols see it. */
export interface Line {
  /** Reaches a place, if it is allowed. @throws Refusal, or the reason why the line is over */
  reach(target: Target, purpose: Purpose): Promise<Route>;
  readonly moved: Count;
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

  serve(stream: Duplex, line: Line): void {
    this.#served.set(stream, { line, turn: new Sequence(), unanswered: 0 });
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
      await this.#forward(asked, answer, served.line).catch((fault: unknown) => refuse(answer, asRefusal(fault)));
      await closed;
      served.unanswered--;
    });
  }

  async #tunnel({ url = '' }: IncomingMessage, stream: Duplex, first: Buffer): Promise<void> {
    const { line } = this.#of(stream);
    stream.on('error', () => undefined);
    const target = parseAuthority(url);
    if (!target) throw new Refusal('malformed', 'CONNECT needs a host and a port, such as example.com:443');
    const { connection } = await line.reach(target, 'bytes');
    stream.write('HTTP/1.1 200 Connection established\r\n\r\n');
    if (first.length > 0) stream.unshift(first);
    await join(stream, connection, line.moved);
  }

  async #forward(asked: IncomingMessage, answer: ServerResponse, line: Line): Promise<void> {
    line.asked();
    answer.on('close', () => line.listening());
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

  /** Sends the request on, and its answer back. Resolves when the answer is over, whole or cut off. @throws Refusal where there is no answer */
  #exchange(asked: IncomingMessage, answer: ServerResponse, onward: ClientRequest, connection: Duplex, line: Line): Promise<void> {
    return new Promise((resolve, reject) => {
      let over = false;
      const cut = () => {
        if (over) return;
        over = true;
        connection.destroy();
        asked.socket.destroy();
        resolve();
      };
      const passage = new Passage(line.moved, cut);
      const end = () => {
        over = true;
        resolve();
      };
      onward.on('error', () => (answer.headersSent ? cut() : reject(new Refusal('unreachable', 'the host ended the connection before it had answered'))));
      onward.on('upgrade', () => reject(new Refusal('unreachable', 'the host answered with another protocol, for which nobody had asked')));
      onward.on('response', (response) => {
        try {
          answer.writeHead(response.statusCode ?? 502, response.statusMessage, forwarded(response.rawHeaders).flat());
        } catch {
          return reject(new Refusal('unreachable', 'the answer of the host is no valid HTTP'));
        }
        passage.pump(response, answer);
        response.on('aborted', cut).on('error', cut).on('end', () => passage.isOver || end());
      });
      answer.on('close', () => answer.writableFinished || cut());
      passage.pump(asked, onward);
      asked.on('aborted', cut);
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
function headersOnward({ headers, rawHeaders }: IncomingMessage, target: Target, added: Readonly<Record<string, string>>): string[] {
  const chunked = headers['transfer-encoding'] === undefined ? [] : ['Transfer-Encoding', 'chunked'];
  const rest = forwarded(rawHeaders).filter(([name]) => name.toLowerCase() !== 'host').flat();
  return ['Host', hostOf(target), ...rest, ...Object.entries(added).flat(), ...chunked, 'Connection', 'close'];
}

/** The headers that are about the request or the answer itself; `Connection` names others that are not. */
function forwarded(rawHeaders: readonly string[]): [string, string][] {
  const pairs = rawHeaders.flatMap((name, at) => (at % 2 === 0 ? [[name, rawHeaders[at + 1] ?? ''] as [string, string]] : []));
  const named = pairs.filter(([name]) => name.toLowerCase() === 'connection').flatMap(([, value]) => value.toLowerCase().split(/\s*,\s*/));
  const dropped = new Set([...ofConnection, ...named]);
  dropped.delete('content-length');
  return pairs.filter(([name]) => !dropped.has(name.toLowerCase()));
}

function hostOf(target: Target): string {
  const text = formatTarget(target);
  return target.port === 80 ? text.slice(0, -':80'.length) : text;
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

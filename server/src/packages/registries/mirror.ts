/** Serves one registry to programs in the sandbox of an installation, in plain HTTP over streams of bytes. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type Duplex, PassThrough, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import type { Log } from '../../base/log.ts';
import { Pace, PacedStream } from '../../network/pace.ts';
import type { ManagerId, Mirror } from '../ports.ts';
import type { Ledger } from './bounds.ts';
import { type Dialect, dialects, type Rewriting, typeOf } from './dialect.ts';
import { requestHeaders, responseHeaders } from './headers.ts';
import { type Linker, linker } from './links.ts';
import { answerWithWords, Refused } from './refused.ts';
import type { Registry } from './registry.ts';
import type { Sumdb } from './sumdb.ts';
import { baseOf, targetOf } from './target.ts';
import { type Answer, Unreachable, type Upstream } from './upstream.ts';

export interface MirrorParts {
  readonly manager: ManagerId;
  readonly registry: Registry;
  readonly upstream: Upstream;
  readonly ledger: Ledger;
  readonly sumdb: Sumdb | undefined;
  readonly log: Log;
}

export class RegistryMirror implements Mirror {
  readonly scope: string | undefined;
  readonly origin: string;
  readonly path: string;
  readonly #registry: URL;
  readonly #dialect: Dialect;
  readonly #link: Linker;
  /** Origins to which pages of the registry lead. */
  readonly #linked = new Set<string>();
  readonly #connections = new Set<Duplex>();
  readonly #server: Server;
  readonly #pace = new Pace();
  #closed = false;

  constructor(private readonly parts: MirrorParts) {
    const { registry, manager, ledger: { bounds } } = parts;
    this.#registry = new URL(registry.url);
    this.scope = registry.scope;
    this.origin = registry.url;
    this.path = this.#registry.pathname;
    this.#dialect = dialects[manager];
    this.#link = linker(this.#registry.origin, this.#linked, bounds.linkedOrigins);
    this.#server = createServer({ maxHeaderSize: bounds.headerBytes, keepAliveTimeout: 0 }, (request, response) => void this.#serve(request, response));
    this.#server.on('connect', (_, stream: Duplex) => stream.end('HTTP/1.1 403 CodeBeaker: this is a mirror of a registry and no proxy\r\nConnection: close\r\n\r\n'));
    this.#server.on('clientError', (_, stream: Duplex) => stream.destroy());
  }

  accept(connection: Duplex): void {
    connection.on('error', () => undefined);
    if (this.#closed || this.#connections.size >= this.parts.ledger.bounds.connections) return void connection.destroy();
    this.#connections.add(connection);
    connection.once('close', () => this.#connections.delete(connection));
    this.#pace.run(connection, () => this.#server.emit('connection', new PacedStream(connection, this.#pace)));
  }

  close(): void {
    this.#closed = true;
    for (const connection of this.#connections) connection.destroy();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    response.on('error', () => undefined);
    try {
      await this.#answer(request, response, gone.signal);
    } catch (fault) {
      this.#fail(fault, response, gone.signal.reason === fault);
    }
  }

  async #answer(request: IncomingMessage, response: ServerResponse, signal: AbortSignal): Promise<void> {
    const base = baseOf(request);
    const target = targetOf(request.url ?? '', this.#registry.origin, this.#linked);
    const body = await this.#bodyOf(request, target);
    const answer = (await this.parts.sumdb?.answer(target, this.#registry, signal)) ?? target;
    if (typeof answer === 'string') return void response.end(answer);
    const { method = 'GET' } = request;
    const asked = { method, headers: requestHeaders(request.headers, body !== undefined), body, signal };
    await this.#pass(await this.parts.upstream.ask({ ...asked, url: answer }), method, base, response);
  }

  /** @throws Refused where the request may not be made */
  async #bodyOf(request: IncomingMessage, target: URL): Promise<Buffer | undefined> {
    const { method } = request;
    if (method === 'GET' || method === 'HEAD') {
      if (request.headers['content-length'] === undefined && request.headers['transfer-encoding'] === undefined) return undefined;
      throw new Refused('a request that asks for something can\'t send anything');
    }
    const own = target.origin === this.#registry.origin && target.pathname.startsWith(this.path) ? target.pathname.slice(this.path.length) : undefined;
    if (method !== 'POST' || own === undefined || !this.#dialect.posts(own)) throw new Refused('an installation only reads from a registry');
    const pieces: Buffer[] = [];
    let bytes = 0;
    for await (const piece of request as AsyncIterable<Buffer>) {
      bytes += piece.length;
      if (bytes > this.parts.ledger.bounds.uploadBytes) throw new Refused('the request sends too much');
      pieces.push(piece);
    }
    return Buffer.concat(pieces);
  }

  async #pass({ message, url }: Answer, method: string, base: string, response: ServerResponse): Promise<void> {
    const status = message.statusCode ?? 502;
    this.#judge(status, url);
    const headers = responseHeaders(message.headers);
    const rewriting = status === 200 ? this.#dialect.rewriting(typeOf(message), base, this.#link) : undefined;
    if (rewriting) {
      delete headers['content-length'];
      delete headers['content-encoding'];
    }
    const reason = (message.statusMessage ?? '').replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 200);
    const begin = () => response.writeHead(status, reason, headers);
    if (method === 'HEAD' || status === 204 || status === 304) {
      begin();
      message.resume();
      return void response.end();
    }
    const decoded = rewriting && message.headers['content-encoding'] === 'gzip' ? createGunzip() : new PassThrough();
    try {
      if (rewriting && !['gzip', 'identity', undefined].includes(message.headers['content-encoding'])) throw new Unreachable(`${url.host} answers in an encoding that was not asked for`);
      if (rewriting && 'page' in rewriting) {
        const page = await this.#wholePage(message, decoded, url);
        const text = rewritten(rewriting, page, url);
        begin();
        return void response.end(text);
      }
      begin();
      await pipeline(message, this.#meter(), decoded, rewriting ? rewriting.stream() : new PassThrough(), rewriting ? this.#meter() : new PassThrough(), response);
    } catch (fault) {
      message.destroy();
      if (fault instanceof Refused || fault instanceof Unreachable) throw fault;
      const { code } = (message.errored ?? fault) as { code?: unknown };
      throw code === 'ECONNRESET' || String(code).startsWith('Z_') ? new Unreachable(`${url.host} ended its answer before it was whole`) : new GaveUp();
    }
  }

  async #wholePage(message: IncomingMessage, decoded: Transform, url: URL): Promise<string> {
    const { pageBytes } = this.parts.ledger.bounds;
    const pieces: Buffer[] = [];
    let bytes = 0;
    const bounded = new Transform({
      transform: (chunk: Buffer, _, done) => {
        bytes += chunk.length;
        if (bytes > pageBytes) return done(new Unreachable(`a page of ${url.host} is larger than ${pageBytes} bytes`));
        pieces.push(chunk);
        done();
      },
    });
    await pipeline(message, this.#meter(), decoded, this.#meter(), bounded.resume());
    return Buffer.concat(pieces).toString('utf8');
  }

  /** Ends the answer when the mirrors of this installation have fetched too much. */
  #meter(): Transform {
    const { ledger } = this.parts;
    return new Transform({
      transform: (chunk: Buffer, _, done) =>
        ledger.spend(chunk.length) ? done(null, chunk) : done(new Refused(`the installation fetches more than ${ledger.bounds.bytes} bytes`)),
    });
  }

  /** Keeps what a registry itself refuses, for the message about an installation that fails. */
  #judge(status: number, { host }: URL): void {
    if (status === 401 || status === 403) this.parts.ledger.note('answered', `${host} refuses what this machine asks for (${status}); the credentials in the manager's own configuration may be missing or old`);
    if (status === 429) this.parts.ledger.note('answered', `${host} says that it was asked too often (429)`);
    if (status >= 500) this.parts.ledger.note('answered', `${host} failed with status ${status}`);
  }

  #fail(fault: unknown, response: ServerResponse, gone: boolean): void {
    const { ledger, log } = this.parts;
    if (fault instanceof GaveUp || gone) {
      ledger.note('answered', `${this.#registry.host} had not answered in full when the package manager gave up`);
      response.destroy();
    } else if (fault instanceof Refused) {
      ledger.note('refused', fault.message);
      answerWithWords(response, fault.status, fault.message);
    } else if (fault instanceof Unreachable) {
      ledger.note('unreachable', fault.message);
      answerWithWords(response, 502, fault.message);
    } else {
      log.error('a mirror failed', fault);
      answerWithWords(response, 500, 'this request could not be served');
    }
  }
}

/** The program that asked does not wait for the answer any more. */
class GaveUp extends Error {}

function rewritten(rewriting: Extract<Rewriting, { page: unknown }>, page: string, url: URL): string {
  try {
    return rewriting.page(page, url);
  } catch {
    throw new Unreachable(`a page of ${url.host} is not what its type says`);
  }
}

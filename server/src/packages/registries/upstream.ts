/** Asks registries: connects by a dialler, trusts the certificates of this machine, follows redirects, and adds credentials. */
import { Agent, type ClientRequest, type ClientRequestArgs, type IncomingMessage, request as httpRequest } from 'node:http';
import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as tlsConnect, createSecureContext, rootCertificates, type SecureContext } from 'node:tls';
import { abortable } from '../../base/promises.ts';
import type { MirrorBounds } from './bounds.ts';
import type { Headers } from './headers.ts';
import { Refused } from './refused.ts';
import type { RegistrySet } from './registry.ts';
import { parse } from './target.ts';

/**
 * Opens a connection to a host, or rejects: with an error that has a `status` where it is the daemon that refuses or
 * knows why, in words for people. It checks the address that it dials.
 */
export type Dial = (host: string, port: number, signal: AbortSignal) => Promise<Duplex>;

export interface Ask {
  readonly method: string;
  readonly url: URL;
  readonly headers: Headers;
  readonly body: Buffer | undefined;
  readonly signal: AbortSignal;
}

export interface Answer {
  readonly message: IncomingMessage;
  /** Where the answer came from, after all redirects. */
  readonly url: URL;
}

/** A registry could not be asked, or its answer is none. The message is a whole sentence without anything secret. */
export class Unreachable extends Error {}

export type Facts = Pick<RegistrySet, 'authorization' | 'certificates' | 'insecure' | 'identity'>;

const SHORT_BYTES = 16 * 1024;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

export class Upstream {
  readonly #agents = new Map<string, Agent>();
  readonly #closing = new AbortController();
  /** By who this machine is on them; the empty text: nobody. */
  readonly #contexts = new Map<string, Promise<SecureContext>>();

  constructor(
    private readonly dial: Dial,
    private readonly facts: Facts,
    private readonly bounds: MirrorBounds,
  ) {}

  /** @throws Refused, Unreachable, or the reason of the signal */
  async ask({ method, url: first, headers, body, signal }: Ask): Promise<Answer> {
    let url = first;
    let left = false;
    for (let hop = 0; hop <= this.bounds.redirects; hop++) {
      // Credentials belong to the origin that was asked for. Nobody gets them once another one has been asked.
      left ||= url.origin !== first.origin;
      const authorization = left ? undefined : this.facts.authorization(url);
      const message = await this.#hop({ method, url, headers: authorization === undefined ? headers : { ...headers, authorization }, body, signal }, left);
      if (!REDIRECTS.has(message.statusCode ?? 0) || message.headers.location === undefined) return { message, url };
      // A short answer is read to its end, so that the connection can be used again.
      if (Number(message.headers['content-length']) <= SHORT_BYTES) message.resume();
      else message.destroy();
      url = redirected(url, message.headers.location, method);
    }
    throw new Unreachable(`${first.host} redirects more than ${this.bounds.redirects} times`);
  }

  close(): void {
    this.#closing.abort(new Error('the installation has ended'));
    for (const agent of this.#agents.values()) agent.destroy();
    this.#agents.clear();
  }

  async #hop(ask: Ask, left: boolean): Promise<IncomingMessage> {
    for (;;) {
      const request = this.#send(ask, left);
      try {
        // A request that waits for its connection does not say by itself that it was aborted.
        return await abortable(ask.signal, answerTo(request));
      } catch (fault) {
        ask.signal.throwIfAborted();
        // The registry ended a connection that waited for the next request.
        if (request.reusedSocket && (fault as { code?: unknown }).code === 'ECONNRESET') continue;
        throw inWords(fault, ask.url);
      }
    }
  }

  #send({ method, url, headers, body, signal }: Ask, left: boolean): ClientRequest {
    const request = httpRequest({
      agent: this.#agentFor(url, left), method, path: url.pathname + url.search, signal, maxHeaderSize: this.bounds.headerBytes, setHost: false,
      headers: { host: url.host, ...headers, ...(body ? { 'content-length': String(body.length) } : {}) },
    });
    request.end(body);
    return request;
  }

  /** `anonymous`: on its connections nothing tells who this machine is. */
  #agentFor(url: URL, anonymous: boolean): Agent {
    const key = `${url.origin} ${anonymous}`;
    const known = this.#agents.get(key);
    if (known) return known;
    const agent = new DialledAgent(() => this.#connect(url, anonymous), { keepAlive: true, maxSockets: this.bounds.requests });
    this.#agents.set(key, agent);
    return agent;
  }

  async #contextFor(url: URL, anonymous: boolean): Promise<SecureContext> {
    const identity = anonymous ? undefined : await this.facts.identity?.(url);
    const name = identity ? identity.cert + identity.key : '';
    const context = this.#contexts.get(name) ?? this.facts.certificates().then((more) => createSecureContext({ ca: [...rootCertificates, ...more], ...identity }));
    this.#contexts.set(name, context);
    return context;
  }

  async #connect(url: URL, anonymous: boolean): Promise<Duplex> {
    const host = url.hostname.replace(/^\[|\]$/g, '');
    const secure = url.protocol === 'https:';
    const stream = await this.dial(host, Number(url.port) || (secure ? 443 : 80), this.#closing.signal);
    if (!secure) return stream;
    const options = { socket: stream, secureContext: await this.#contextFor(url, anonymous), ...(isIP(host) ? { host } : { servername: host }) };
    const shaken = tlsConnect({ ...options, ALPNProtocols: ['http/1.1'], rejectUnauthorized: !this.facts.insecure(url.origin) });
    return new Promise((resolve, reject) => {
      shaken.once('secureConnect', () => resolve(shaken)).once('error', reject);
      shaken.once('close', () => reject(Object.assign(new Error('closed'), { code: 'ECONNRESET' })));
      this.#closing.signal.addEventListener('abort', () => shaken.destroy(), { once: true });
    });
  }
}

class DialledAgent extends Agent {
  constructor(
    private readonly open: () => Promise<Duplex>,
    options: { keepAlive: boolean; maxSockets: number },
  ) {
    super(options);
  }

  override createConnection(_: ClientRequestArgs, done?: (fault: Error | null, stream: Duplex) => void): undefined {
    const failed = (fault: unknown) => (done as ((fault: unknown) => void) | undefined)?.(fault);
    void this.open().then((stream) => done?.(null, stream), failed);
  }
}

function answerTo(request: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request.once('response', resolve).on('error', reject);
    request.once('close', () => reject(Object.assign(new Error('closed'), { code: 'ECONNRESET' })));
  });
}

function redirected(from: URL, location: string, method: string): URL {
  if (method === 'POST') throw new Unreachable(`${from.host} redirects a request that sends data`);
  const to = parse(location, from);
  if (!to || !/^https?:$/.test(to.protocol)) throw new Unreachable(`${from.host} redirects to something that is no address of a web server`);
  if (from.protocol === 'https:' && to.protocol === 'http:') throw new Refused(`${from.host} redirects to ${to.host} without encryption`);
  to.username = to.password = to.hash = '';
  return to;
}

const CODES: Readonly<Record<string, string>> = {
  ENOTFOUND: 'its name is not known', EAI_AGAIN: 'its name could not be looked up', ECONNREFUSED: 'it takes no connections',
  ECONNRESET: 'it closed the connection without an answer', ETIMEDOUT: 'it did not answer', EHOSTUNREACH: 'there is no way to it',
  ENETUNREACH: 'there is no way to it', HPE_HEADER_OVERFLOW: 'the headers of its answer are too large',
};

/** What failed between this machine and `url`, as a sentence. */
function inWords(fault: unknown, url: URL): Error {
  if (fault instanceof Refused || fault instanceof Unreachable) return fault;
  const { code, status, message } = fault as { code?: unknown; status?: unknown; message?: unknown };
  if (status === 403) return new Refused(String(message));
  if (typeof status === 'number') return new Unreachable(String(message));
  // It is a fault of ours.
  if (typeof code !== 'string') return fault as Error;
  if (code.startsWith('HPE_') && !CODES[code]) return new Unreachable(`the answer of ${url.host} is not valid HTTP`);
  if (/CERTIFICATE_REQUIRED|ALERT_BAD_CERTIFICATE|ALERT_HANDSHAKE_FAILURE|ALERT_UNKNOWN_CA/.test(code)) return new Unreachable(`${url.host} does not accept who this machine is: it asks for a client certificate, which the package manager is not set up with, or for another one (${code})`);
  if (/CERT|SELF_SIGNED|ISSUER|ERR_TLS/.test(code)) return new Unreachable(`the certificate of ${url.host} is not trusted on this machine (${code})`);
  return new Unreachable(`${url.host} can't be reached: ${CODES[code] ?? code}`);
}

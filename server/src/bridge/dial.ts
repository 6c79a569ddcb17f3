/** Opens a WebSocket to a daemon that listens, and says in words for people why that fails. */
import type { IncomingMessage } from 'node:http';
import { createConnection } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { WebSocket } from 'ws';
import { type Clock, deadline } from '../base/clock.ts';
import { abortable } from '../base/promises.ts';
import type { Carrier } from '../wire/websocket.ts';
import type { DaemonAddress } from './address.ts';
import { CannotConnect } from './fault.ts';
import type { Tunnel } from './tunnel.ts';

/** So long the daemon may take to let somebody in. */
const DIAL_MS = 10_000;
/** The same with ssh, which may have to log in first. */
const SSH_MS = 60_000;
/** What the daemon says against a request is shorter. */
const MAX_REFUSAL_BYTES = 4096;
/** The longest message of a daemon. */
export const MAX_MESSAGE_BYTES = 256 * 1024 * 1024;
const SUBPROTOCOL = 'codebeaker.v1';

export interface DialParts {
  /** undefined: none is sent. */
  readonly token: string | undefined;
  /** The certificates of the authorities that are trusted, in PEM; undefined: those that Node trusts. */
  readonly ca: Buffer | undefined;
  /** The environment of ssh. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The folder for what is temporary. */
  readonly temporary: string;
  readonly clock: Clock;
}

export interface Line {
  readonly webSocket: WebSocket;
  readonly carrier: Carrier;
  /** Resolves when the WebSocket has closed, with its code and what the daemon said. */
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  /** What ssh says against it. Empty: nothing. */
  complaint(): string;
  dispose(): void;
}

interface Way extends Pick<Tunnel, 'complaint' | 'dispose'> {
  readonly stream: Duplex & Carrier;
}

/** Nothing is left of what fails, or of what `signal` ends. @throws CannotConnect, or the reason of `signal` */
export async function dial(address: DaemonAddress, parts: DialParts, signal: AbortSignal): Promise<Line> {
  const ms = address.kind === 'ssh' ? SSH_MS : DIAL_MS;
  const failed = new AbortController();
  const given = AbortSignal.any([signal, failed.signal]);
  const work = async () => {
    const way = await wayTo(address, parts, given);
    if (given.aborted) way.dispose();
    else given.addEventListener('abort', () => way.dispose(), { once: true });
    return open(address, parts, way);
  };
  try {
    return await deadline(parts.clock, ms, abortable(signal, work()), () => new CannotConnect('address', `nothing at ${address.url} has answered within ${ms / 1000} seconds: is it a codebeaker serve --listen?`));
  } catch (fault) {
    failed.abort();
    throw fault;
  }
}

async function wayTo(address: DaemonAddress, { ca, env, temporary }: DialParts, signal: AbortSignal): Promise<Way> {
  if (address.kind === 'ssh') {
    const { tunnelToPort, tunnelToSocket } = await import('./tunnel.ts');
    const target = { ...address, env };
    const tunnel = typeof address.to === 'number' ? tunnelToPort(target, address.to) : await tunnelToSocket(target, address.to, { temporary, signal });
    return tunnel as Way;
  }
  const stream = address.kind === 'unix'
    ? createConnection(address.path)
    : address.tls
      ? connectTls({ host: address.host, port: address.port, ...(ca ? { ca } : {}), ...(/^[\d.]+$|:/.test(address.host) ? {} : { servername: address.host }), minVersion: 'TLSv1.2', rejectUnauthorized: true })
      : createConnection({ host: address.host, port: address.port });
  if (address.kind === 'tcp') stream.setNoDelay();
  return { stream, complaint: () => '', dispose: () => void stream.destroy() };
}

function open(address: DaemonAddress, { token }: DialParts, { stream, complaint, dispose }: Way): Promise<Line> {
  const url = address.kind === 'tcp' ? `ws://${address.host.includes(':') ? `[${address.host}]` : address.host}:${address.port}/` : 'ws://localhost/';
  const webSocket = new WebSocket(url, SUBPROTOCOL, {
    createConnection: () => stream as never,
    headers: token === undefined ? {} : { Authorization: `Bearer ${token}` },
    perMessageDeflate: false,
    maxPayload: MAX_MESSAGE_BYTES,
    // Nothing is read from a message here, and clients check it.
    skipUTF8Validation: true,
  });
  const closed = new Promise<{ code: number; reason: string }>((resolve) => webSocket.once('close', (code, reason) => resolve({ code, reason: reason.toString() })));
  return new Promise((resolve, reject) => {
    webSocket.once('open', () => resolve({ webSocket, carrier: stream, closed, complaint, dispose }));
    webSocket.on('unexpected-response', (_request, response: IncomingMessage) => void textOf(response).then((text) => reject(refusal(address, token, response.statusCode ?? 0, text))));
    webSocket.on('error', (fault: NodeJS.ErrnoException) => {
      // What ssh says about it may come with it, and be read after it.
      setImmediate(() => reject(failure(address, fault, complaint())));
    });
  });
}

async function textOf(response: IncomingMessage): Promise<string> {
  let text = '';
  try {
    for await (const chunk of response) {
      text += String(chunk);
      if (text.length > MAX_REFUSAL_BYTES) break;
    }
  } catch {
    // What has come of it is all that there is.
  }
  return text;
}

/** What a daemon says is passed on; what something else says is not. */
function refusal({ url }: DaemonAddress, token: string | undefined, status: number, text: string): CannotConnect {
  const said = messageIn(text);
  if (said === undefined) return new CannotConnect('other', `what answers at ${url} is no CodeBeaker daemon (HTTP status ${status})`);
  if (status === 401) return new CannotConnect('token', `the daemon at ${url} wants a token${token === undefined ? '' : ', and not this one'}: it is in the file that codebeaker serve was given as --token-file${token === undefined ? '; connect takes it by --token-file FILE, or in CODEBEAKER_TOKEN' : ''}`);
  return new CannotConnect('refused', `the daemon at ${url} lets nobody in: ${said}`);
}

/** What the front door of a daemon says (remote/answer.ts). */
function messageIn(text: string): string | undefined {
  try {
    const { message, error } = JSON.parse(text) as { message?: unknown; error?: { message?: unknown } };
    const said = message ?? error?.message;
    return typeof said === 'string' ? said.replaceAll(/\p{Cc}/gu, ' ').slice(0, 500) : undefined;
  } catch {
    return undefined;
  }
}

const unreachable: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there: start codebeaker serve --listen',
  ENOENT: 'there is no such socket: start codebeaker serve --listen',
  EACCES: 'this user has no right to the socket',
  ENOTFOUND: 'there is no machine of this name',
  EAI_AGAIN: 'the name of the machine cannot be looked up now',
  EHOSTUNREACH: 'the machine cannot be reached',
  ENETUNREACH: 'the machine cannot be reached',
  ETIMEDOUT: 'the machine does not answer',
};

function failure(address: DaemonAddress, fault: NodeJS.ErrnoException, complaint: string): CannotConnect {
  const { url } = address;
  const { code = '', message } = fault;
  if (address.kind === 'ssh') return sshFailure(address, message, complaint);
  const known = unreachable[code];
  if (known !== undefined) return new CannotConnect('address', `the daemon at ${url} cannot be reached: ${known}`);
  if (/CERT|SELF_SIGNED|UNABLE_TO|ISSUER|CRL/.test(code)) return new CannotConnect('tls', `the certificate of the daemon at ${url} is not trusted (${code}): name that of its authority with --ca FILE, and the daemon by the name in its certificate`);
  if (/^ERR_SSL|^EPROTO/.test(code)) return new CannotConnect('tls', `what answers at ${url} does not speak TLS: is it ws:// instead of wss://?`);
  if (/subprotocol|Sec-WebSocket|upgrade/i.test(message) || code.startsWith('HPE')) return new CannotConnect('other', `what answers at ${url} is no CodeBeaker daemon`);
  if (code === 'ECONNRESET') return new CannotConnect('other', `what listens at ${url} has hung up: is it a CodeBeaker daemon, and does it speak TLS (wss://)?`);
  return new CannotConnect('address', `the daemon at ${url} cannot be reached: ${code || message}`);
}

/** Where ssh has logged in, it says of what it does not reach over there that a channel was not opened, or nothing at all. */
function sshFailure({ host, to }: Extract<DaemonAddress, { kind: 'ssh' }>, message: string, complaint: string): CannotConnect {
  if (complaint === '' && message.startsWith('ssh')) return new CannotConnect('ssh', message);
  if (complaint !== '' && !/open failed|^Warning: /.test(complaint)) return new CannotConnect('ssh', `ssh: ${complaint}`);
  const place = typeof to === 'number' ? `127.0.0.1:${to}` : to;
  const start = typeof to === 'number' ? place : `unix:${to}`;
  return new CannotConnect('address', `ssh reaches ${host}, but no daemon answers at ${place} over there: start codebeaker serve --listen ${start} there`);
}

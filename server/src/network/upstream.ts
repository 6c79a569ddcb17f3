/** The proxy through which this machine itself reaches the network: that of HTTPS_PROXY, HTTP_PROXY or ALL_PROXY, unless NO_PROXY excepts a place. */
import type { Duplex } from 'node:stream';
import { type Address, isIn, parseAddress, parseBlock } from './address.ts';
import { formatTarget, type Target } from './hosts.ts';
import { Refusal } from './refusal.ts';

/** What a connection is for: bytes that nobody looks at, or one request of plain HTTP. */
export type Purpose = 'bytes' | 'http';

/** A connection that leads to a place. */
export interface Route {
  readonly connection: Duplex;
  /** The address that was dialled for the place itself. Absent: a proxy of this machine chooses it. */
  readonly address?: Address;
  /** Set where a proxy takes the request of plain HTTP on it, with its whole URL and these headers. */
  readonly proxied: { readonly headers: Readonly<Record<string, string>> } | undefined;
}

export interface Upstream {
  /** @throws Refusal, or the reason of `signal` */
  connect(target: Target, purpose: Purpose, signal: AbortSignal): Promise<Route>;
}

/** The proxy itself, as a variable names it. */
export interface ProxyAddress {
  readonly host: string;
  readonly port: number;
  /** Whether the way to the proxy is TLS. */
  readonly secure: boolean;
}

/** Connects to the proxy. After it has resolved, `signal` has no effect. */
export type Reach = (proxy: ProxyAddress, signal: AbortSignal) => Promise<Duplex>;

/** The answer of a proxy to CONNECT is at most this long. */
const MAX_ANSWER_BYTES = 16 * 1024;

/** `env` is the environment of the daemon. */
export function upstreams(env: Readonly<Record<string, string | undefined>>, reach: Reach): (target: Target, purpose: Purpose) => Upstream | undefined {
  const read = (name: string) => env[name.toLowerCase()] || env[name] || undefined;
  const exceptions = (read('NO_PROXY') ?? '').split(/[\s,]+/).filter(Boolean);
  const [http, https] = [read('HTTP_PROXY') ?? read('ALL_PROXY'), read('HTTPS_PROXY') ?? read('ALL_PROXY')].map((text) => text && parseProxy(text, reach));
  return (target, purpose) => {
    const proxy = purpose === 'http' ? http : https;
    return proxy && !exceptions.some((each) => excepts(each, target)) ? proxy : undefined;
  };
}

/** undefined where the text is no URL of a proxy that speaks HTTP. */
function parseProxy(text: string, reach: Reach): Upstream | undefined {
  const url = URL.canParse(text.includes('://') ? text : `http://${text}`) ? new URL(text.includes('://') ? text : `http://${text}`) : undefined;
  if (!url || !['http:', 'https:'].includes(url.protocol)) return undefined;
  const secure = url.protocol === 'https:';
  const proxy = { host: url.hostname.replace(/^\[|\]$/g, ''), port: Number(url.port) || (secure ? 443 : 80), secure };
  const user = `${unescaped(url.username)}:${unescaped(url.password)}`;
  const headers: Readonly<Record<string, string>> = user === ':' ? {} : { 'Proxy-Authorization': `Basic ${Buffer.from(user).toString('base64')}` };
  return {
    connect: async (target, purpose, signal) => {
      const connection = await reach(proxy, signal).catch((fault: unknown) => {
        signal.throwIfAborted();
        throw fault instanceof Refusal ? fault : new Refusal('unreachable', "this machine's own proxy can't be reached");
      });
      if (purpose === 'http') return { connection, proxied: { headers } };
      await openTunnel(connection, target, headers, signal);
      return { connection, proxied: undefined };
    },
  };
}

/** A password may have a `%` that stands for itself. */
function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

async function openTunnel(connection: Duplex, target: Target, headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<void> {
  const host = formatTarget(target);
  const lines = [`CONNECT ${host} HTTP/1.1`, `Host: ${host}`, ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`), '', ''];
  connection.write(lines.join('\r\n'));
  try {
    const status = /^HTTP\/1\.[01] (\d{3})/.exec(await readHead(connection, signal))?.[1];
    if (status !== '200') throw new Refusal('unreachable', `this machine's own proxy refused ${host}${status === undefined ? '' : `: it answered ${status}`}`);
  } catch (fault) {
    connection.destroy();
    throw fault;
  }
}

/** Reads up to the first empty line. What comes behind it stays in the stream. */
function readHead(connection: Duplex, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    let head = Buffer.alloc(0);
    const settle = (finish: () => void) => {
      connection.off('readable', read).off('end', ended).off('error', ended).off('close', ended);
      signal.removeEventListener('abort', stopped);
      finish();
    };
    const ended = () => settle(() => reject(new Refusal('unreachable', "this machine's own proxy ended the connection")));
    const stopped = () => settle(() => reject(signal.reason));
    const read = () => {
      for (let chunk = connection.read() as Buffer | null; chunk; chunk = connection.read() as Buffer | null) {
        head = Buffer.concat([head, chunk]);
        const end = head.indexOf('\r\n\r\n');
        if (end >= 0) {
          return settle(() => {
            if (head.length > end + 4) connection.unshift(head.subarray(end + 4));
            resolve(head.toString('latin1', 0, end));
          });
        }
        if (head.length > MAX_ANSWER_BYTES) return ended();
      }
    };
    connection.on('readable', read).on('end', ended).on('error', ended).on('close', ended);
    signal.addEventListener('abort', stopped);
    read();
  });
}

/** An entry of NO_PROXY: `*`, a name and everything below it, an address, or a block; each may have a port. */
function excepts(entry: string, { host, address, port }: Target): boolean {
  if (entry === '*') return true;
  const block = parseBlock(entry);
  if (block) return address !== undefined && isIn(address, block);
  const [, text = '', digits] = /^(\[[^\]]*\]|[^:]*(?=:\d+$|$)|.*)(?::(\d+))?$/.exec(entry) ?? [];
  if (digits !== undefined && Number(digits) !== port) return false;
  const name = text.replace(/^\*?\./, '').replace(/^\[|\]$/g, '').toLowerCase();
  const written = parseAddress(name);
  return written === undefined ? host === name || host.endsWith(`.${name}`) : written === address;
}

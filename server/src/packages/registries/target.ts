/** What a request to a mirror means: which address of the registry, or of a place to which its pages link. */
import type { IncomingMessage } from 'node:http';
import { Refused } from './refused.ts';

/** Paths below this one lead to other origins: /-/origin/https/files.example/443/the/path. */
const ELSEWHERE = '/-/origin/';
const OWN_HOST = /^(?:127\.0\.0\.1|localhost|\[::1\]):\d{1,5}$/;
const MAX_URL = 8192;

/** How the sandbox calls the mirror, such as http://127.0.0.1:4000. @throws Refused where the request is for anything else */
export function baseOf({ headers, rawHeaders }: IncomingMessage): string {
  const hosts = rawHeaders.filter((text, at) => at % 2 === 0 && text.toLowerCase() === 'host');
  if (hosts.length !== 1 || !OWN_HOST.test(headers.host ?? '')) throw new Refused('this mirror serves one registry, and the request is for another host');
  return `http://${headers.host}`;
}

/** @throws Refused for everything but a path of the registry itself or of an origin to which one of its pages links */
export function targetOf(requested: string, origin: string, linked: ReadonlySet<string>): URL {
  if (requested.length > MAX_URL) throw new Refused(`the address in the request is longer than ${MAX_URL} bytes`, 414);
  if (!requested.startsWith('/')) throw new Refused('this mirror serves one registry, and the request is for another host');
  const path = requested.replace(/#.*$/s, '');
  if (!path.startsWith(ELSEWHERE)) return within(origin, path);
  const [scheme, host, port, ...rest] = path.slice(ELSEWHERE.length).split('/');
  const elsewhere = originOf(`${scheme}://${host}:${port}/`);
  if (elsewhere === undefined || !linked.has(elsewhere)) throw new Refused(`${host ?? 'this host'} is no registry of this installation, and none of its pages leads there`);
  return within(elsewhere, `/${rest.join('/')}`);
}

function within(origin: string, path: string): URL {
  const url = parse(origin + path);
  if (url?.origin !== origin || url.username || url.password) throw new Refused('the address in the request is not valid');
  return url;
}

/** The path at which a mirror serves what is at `url`, which is at another origin. */
export function elsewherePath(url: URL): string {
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  return `${ELSEWHERE}${url.protocol.slice(0, -1)}/${url.hostname}/${port}${url.pathname}${url.search}`;
}

/** The origin of an http or https URL, or undefined. */
export function originOf(text: string): string | undefined {
  const url = parse(text);
  return url && /^https?:$/.test(url.protocol) && url.hostname ? url.origin : undefined;
}

export function parse(text: string, base?: string | URL): URL | undefined {
  try {
    return new URL(text, base);
  } catch {
    return undefined;
  }
}

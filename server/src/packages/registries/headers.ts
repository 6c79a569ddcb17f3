/** Which headers pass between a package manager and a registry. Everything else stays where it is. */
import type { IncomingHttpHeaders } from 'node:http';

const asked = ['accept', 'range', 'if-range', 'if-none-match', 'if-modified-since', 'user-agent'];
const sent = ['content-type', 'content-encoding'];
const answered = [
  'content-type', 'content-encoding', 'content-length', 'content-range', 'accept-ranges', 'etag', 'last-modified', 'cache-control',
  'age', 'date', 'retry-after', 'digest', 'repr-digest', 'x-pypi-last-serial',
];

export type Headers = Record<string, string>;

/** The headers of a request to a registry. What compresses an answer is chosen by the daemon, which may have to read it. */
export function requestHeaders(from: IncomingHttpHeaders, withBody: boolean): Headers {
  const headers = pick(from, withBody ? [...asked, ...sent] : asked);
  headers['accept-encoding'] = /\bgzip\b/.test(from['accept-encoding']?.toString() ?? '') ? 'gzip' : 'identity';
  return headers;
}

export function responseHeaders(from: IncomingHttpHeaders): Headers {
  return pick(from, answered);
}

function pick(from: IncomingHttpHeaders, names: readonly string[]): Headers {
  const headers: Headers = {};
  for (const name of names) {
    const value = from[name];
    if (value !== undefined) headers[name] = String(value);
  }
  return headers;
}

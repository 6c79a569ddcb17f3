/** What differs between the mirrors of the managers: what may be sent, and whose links are rewritten. */
import type { IncomingMessage } from 'node:http';
import type { Transform } from 'node:stream';
import type { ManagerId } from '../ports.ts';
import { type Linker, rewriteHtml, rewriteJson, Tarballs } from './links.ts';

/** `page` is read whole, `stream` is changed while it passes. */
export type Rewriting = { readonly page: (text: string, at: URL) => string } | { readonly stream: () => Transform };

export interface Dialect {
  /** Whether something may be sent to this path, relative to the registry's own. */
  posts(path: string): boolean;
  /** How an answer is changed. undefined: it passes as it is. */
  rewriting(type: string, base: string, link: Linker): Rewriting | undefined;
}

const passing: Dialect = { posts: () => false, rewriting: () => undefined };

const pip: Dialect = {
  posts: () => false,
  rewriting(type, _, link) {
    if (type === 'text/html' || type === 'application/vnd.pypi.simple.v1+html') return { page: (text, at) => rewriteHtml(text, at, link) };
    if (type === 'application/vnd.pypi.simple.v1+json') return { page: (text, at) => rewriteJson(text, at, link) };
    return undefined;
  },
};

const npm: Dialect = {
  posts: (path) => /^-\/npm\/v1\/security\/(?:advisories\/bulk|audits(?:\/quick)?)$/.test(path),
  rewriting: (type, base, link) => (/^application\/(?:vnd\.npm\.install-v1\+)?json$/.test(type) ? { stream: () => new Tarballs(base, link) } : undefined),
};

export const dialects: Readonly<Record<ManagerId, Dialect>> = { pip, npm, gem: passing, go: passing };

/** Such as `text/html`. */
export function typeOf({ headers }: IncomingMessage): string {
  return (headers['content-type'] ?? '').replace(/;.*$/s, '').trim().toLowerCase();
}

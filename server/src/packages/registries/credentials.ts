/** Credentials of registries: a value of the header `Authorization` for each place, and never a part of an address. */
import { parse } from './target.ts';

export const bearer = (token: string) => `Bearer ${token}`;
export const basic = (username: string, password: string) => `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;

export interface Place {
  /** The address without credentials and fragment. */
  readonly url: string;
  /** A secret. */
  readonly authorization: string | undefined;
}

/** Takes an http or https address apart. Undefined for anything else. */
export function placeOf(text: string): Place | undefined {
  const url = parse(text.trim());
  if (!url || !/^https?:$/.test(url.protocol) || !url.hostname) return undefined;
  const authorization = url.username || url.password ? basic(decoded(url.username), decoded(url.password)) : undefined;
  url.username = url.password = url.hash = '';
  return { url: url.href, authorization };
}

/** A registry is a folder, and its address ends like that of one. */
export function folderOf(text: string): Place | undefined {
  const place = placeOf(text);
  return place && { ...place, url: place.url.replace(/\/*$/, '/') };
}

/** Without the escapes of a URL. A text that is not escaped well stays as it is. */
export function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Credentials that are for everything at an origin. */
export class ByOrigin {
  readonly #known = new Map<string, string>();

  /** What was said first counts. */
  add(url: string, authorization: string | undefined): void {
    const { origin } = new URL(url);
    if (authorization !== undefined && !this.#known.has(origin)) this.#known.set(origin, authorization);
  }

  get(url: URL): string | undefined {
    return this.#known.get(url.origin);
  }
}

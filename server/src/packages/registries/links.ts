/** Rewrites the links in what registries answer, so that they lead to the mirror. */
import { Transform, type TransformCallback } from 'node:stream';
import { elsewherePath, originOf, parse } from './target.ts';

/** Says at which path of the mirror a place is that a page links to; undefined where the mirror does not have it. */
export type Linker = (url: URL) => string | undefined;

/** Makes the linker of one mirror. The origins to which links lead are added to `linked`, up to `max`. */
export function linker(origin: string, linked: Set<string>, max: number): Linker {
  return (url) => {
    // Old pages name a registry without encryption that has it.
    if (url.origin === origin || (url.origin === origin.replace(/^https:/, 'http:') && url.port === '')) return url.pathname + url.search + url.hash;
    if (originOf(url.href) === undefined || url.username || url.password) return undefined;
    if (!linked.has(url.origin) && linked.size >= max) return undefined;
    linked.add(url.origin);
    return elsewherePath(url) + url.hash;
  };
}

/** A page of links (PEP 503). `at` is the address from which it came. Links that lead nowhere are removed. */
export function rewriteHtml(page: string, at: URL, link: Linker): string {
  let base = at;
  let written = '';
  let from = 0;
  for (const { name, start, end, href } of tags(page)) {
    if (!href) continue;
    const url = parse(decode(href.value).trim(), base);
    written += page.slice(from, start);
    from = end;
    if (name === 'base') {
      base = url ?? base;
      continue;
    }
    const path = url && link(url);
    written += page.slice(start, href.start) + (path === undefined ? '' : `href="${encode(path)}"`) + page.slice(href.end, end);
  }
  return written + page.slice(from);
}

interface Tag {
  readonly name: string;
  readonly start: number;
  readonly end: number;
  readonly href: { readonly start: number; readonly end: number; readonly value: string } | undefined;
}

/** Looks at each character a bounded number of times. */
function* tags(page: string): Generator<Tag> {
  const begin = /<(a|base)(?=[\s/>])/gi;
  for (let found = begin.exec(page); found; found = begin.exec(page)) {
    const attribute = /[\s/]*([^\s=>/"']+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>"']+)))?|[\s/]+|[="']/y;
    attribute.lastIndex = begin.lastIndex;
    let end = begin.lastIndex;
    let href: Tag['href'];
    for (let next = attribute.exec(page); next; next = attribute.exec(page)) {
      const [whole, key = '', ...values] = next;
      const value = values.find((each) => each !== undefined);
      end = attribute.lastIndex;
      if (key.toLowerCase() === 'href' && value !== undefined) href ??= { start: end - whole.replace(/^[\s/]+/, '').length, end, value };
    }
    if (page[end] !== '>') return;
    begin.lastIndex = end + 1;
    yield { name: (found[1] ?? '').toLowerCase(), start: found.index, end: end + 1, href };
  }
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', quot: '"', apos: "'", lt: '<', gt: '>' };

function decode(text: string): string {
  return text.replaceAll(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|(amp|quot|apos|lt|gt));/gi, (whole: string, decimal?: string, hex?: string, name?: string) => {
    if (name !== undefined) return ENTITIES[name.toLowerCase()] ?? whole;
    const point = decimal === undefined ? parseInt(hex ?? '', 16) : Number(decimal);
    return point <= 0x10ffff ? String.fromCodePoint(point) : whole;
  });
}

function encode(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** The same page as JSON (PEP 691). @throws SyntaxError */
export function rewriteJson(page: string, at: URL, link: Linker): string {
  const read = JSON.parse(page) as unknown;
  if (typeof read !== 'object' || read === null || !('files' in read) || !Array.isArray(read.files)) return page;
  const files = (read.files as unknown[]).flatMap((file) => {
    if (typeof file !== 'object' || file === null || !('url' in file) || typeof file.url !== 'string') return [];
    const url = parse(file.url, at);
    const path = url && link(url);
    return path === undefined ? [] : [{ ...file, url: path }];
  });
  return JSON.stringify({ ...read, files });
}

const TARBALL = /("tarball"\s{0,16}:\s{0,16}")(https?:\\?\/\\?\/[^"]{1,900})"/g;
/** No match of TARBALL is longer. */
const LONGEST = 1024;

/**
 * Rewrites the addresses of tarballs in npm's descriptions of packages, which can be many megabytes, while they pass.
 * `base` is how the sandbox calls the mirror.
 */
export class Tarballs extends Transform {
  #rest = '';

  constructor(
    private readonly base: string,
    private readonly link: Linker,
  ) {
    super();
  }

  override _transform(chunk: Buffer, _: BufferEncoding, done: TransformCallback): void {
    // Each byte is one character, so that no character is cut.
    const text = this.#rest + chunk.toString('latin1');
    this.#write(text, Math.max(0, text.length - LONGEST));
    done();
  }

  override _flush(done: TransformCallback): void {
    this.#write(this.#rest, this.#rest.length);
    done();
  }

  /** Passes on what begins before `upTo`; a match that begins later may not be whole yet. */
  #write(text: string, upTo: number): void {
    let written = '';
    let from = 0;
    for (const found of text.matchAll(TARBALL)) {
      if (found.index >= upTo) break;
      written += text.slice(from, found.index) + this.#rewritten(found);
      from = found.index + found[0].length;
    }
    const end = Math.max(from, upTo);
    this.#rest = text.slice(end);
    const out = written + text.slice(from, end);
    if (out) this.push(Buffer.from(out, 'latin1'));
  }

  #rewritten([whole, before, address]: RegExpMatchArray): string {
    const url = parse((address ?? '').replaceAll('\\/', '/'));
    const path = url && this.link(url);
    return path === undefined ? whole : `${before}${this.base}${path}"`;
  }
}

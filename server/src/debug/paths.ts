/** The paths of the client and those of the sandbox. Only what lies below a folder that both know is translated. */
import { posix } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { resolvePath } from '../command/paths.ts';
import { invalidParam, type PathMapping } from '../protocol/index.ts';

interface Pair {
  /** Absolute, and without a separator at its end. */
  readonly client: string;
  /** Whether the client's machine is Windows. */
  readonly windows: boolean;
  readonly sandbox: string;
}

const DRIVE = /^[A-Za-z]:[\\/]/;
/** What acts on a terminal or a view, ends a line, or turns text around. No path of a client has such a thing. */
export const ACTING = /[\0-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;
/** What may stand in a path within a text. */
const IN_PATH = String.raw`[^\s"'<>|:,;()\[\]{}]`;
/** What may stand before the folder of a path within a text: nothing that makes it a part of another path, and the scheme of an address. */
const BEFORE = String.raw`(?<![\w./-])(file://)?`;
const BEFORE_END = new RegExp(`${BEFORE}$`);
/** So many characters say whether that is so: the scheme, and one before it. */
const LONGEST_BEFORE = 'xfile://'.length;

export class PathMap {
  readonly #pairs: readonly Pair[];
  readonly #inText: RegExp | undefined;
  readonly #longestRoot: number;
  /** Whether the client writes paths as addresses. */
  uris = false;

  /** @throws ProtocolError InvalidParams, InvalidPath */
  constructor(mappings: readonly PathMapping[]) {
    this.#pairs = mappings.map(({ client, sandbox }, at) => {
      const path = pathOf(client);
      const windows = DRIVE.test(path);
      if (!windows && !path.startsWith('/')) throw invalidParam(`pathMappings.${at}.client`, 'must be an absolute path, or the address of a file');
      return { client: path.replace(/(?<=.)[\\/]+$/, ''), windows, sandbox: resolvePath(sandbox) };
    });
    const roots = this.#pairs.map(({ sandbox }) => sandbox.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)).sort((a, b) => b.length - a.length);
    this.#longestRoot = Math.max(0, ...this.#pairs.map(({ sandbox }) => sandbox.length));
    this.#inText = roots.length === 0 ? undefined : new RegExp(String.raw`${BEFORE}(?:${roots.join('|')})(?![\w.-])(?:/${IN_PATH}*)?`, 'g');
  }

  /** undefined: the sandbox has no such file. What already is a path of the sandbox stays one. */
  toSandbox(given: string): string | undefined {
    const path = pathOf(given);
    const found = this.#longest(({ client, windows }) => below(windows ? unified(client) : client, windows ? unified(path) : path), ({ client }) => client.length);
    if (found) {
      const { pair, rest } = found;
      // The case of a name counts in the sandbox, so the rest is taken as it was written.
      const written = path.slice(path.length - rest.length);
      return within(pair.sandbox, pair.windows ? written.replaceAll('\\', '/') : written);
    }
    const clean = posix.normalize(path);
    return clean === '/workspace' || clean.startsWith('/workspace/') || clean.startsWith('/tmp/') ? clean : undefined;
  }

  /** undefined: the client has no such file. */
  toClient(given: string): string | undefined {
    return this.#toClient(given, this.uris);
  }

  #toClient(given: string, uri: boolean): string | undefined {
    if (given.search(ACTING) >= 0 || !given.startsWith('/')) return undefined;
    const path = posix.normalize(given);
    const found = this.#longest(({ sandbox }) => below(sandbox, path), ({ sandbox }) => sandbox.length);
    if (!found) return undefined;
    const { pair: { client, windows }, rest } = found;
    if (windows && /[\\:]/.test(rest)) return undefined;
    const whole = windows ? client + rest.replaceAll('/', '\\') : client === '/' ? rest || '/' : client + rest;
    return uri ? (windows ? `file:///${encodeURI(whole.replaceAll('\\', '/')).replace(/[?#]/g, encodeURIComponent)}` : pathToFileURL(whole).href) : whole;
  }

  /** The text, with the paths and addresses of the client in place of those of the sandbox, as far as it becomes no longer than `room`. */
  inText(text: string, room = Infinity): string {
    if (!this.#inText || text.length > room) return text;
    let left = room - text.length;
    return text.replace(this.#inText, (found: string, scheme = '') => {
      const told = this.#toClient(scheme === '' ? found : pathOf(found), scheme !== '') ?? found;
      const longer = told.length - found.length;
      if (longer > left) return found;
      left -= longer;
      return told;
    });
  }

  /** Where the end of the text begins that may be the beginning of what `inText` translates: the length of the text, if there is none. */
  unfinishedAt(text: string): number {
    for (let at = Math.max(0, text.length - this.#longestRoot); at < text.length; at++) {
      if (!this.#pairs.some(({ sandbox }) => sandbox.startsWith(text.slice(at)))) continue;
      const [scheme] = BEFORE_END.exec(text.slice(Math.max(0, at - LONGEST_BEFORE), at)) ?? [];
      if (scheme !== undefined) return at - scheme.length;
    }
    return text.length;
  }

  #longest(rest: (pair: Pair) => string | undefined, length: (pair: Pair) => number): { pair: Pair; rest: string } | undefined {
    let best: { pair: Pair; rest: string } | undefined;
    for (const pair of this.#pairs) {
      const left = rest(pair);
      if (left !== undefined && (!best || length(pair) > length(best.pair))) best = { pair, rest: left };
    }
    return best;
  }
}

/** What is left of `path` behind `folder`: empty, or beginning with a slash. undefined: it does not lie there. */
function below(folder: string, path: string): string | undefined {
  if (path === folder) return '';
  const base = folder === '/' ? '' : folder;
  return path.startsWith(`${base}/`) ? path.slice(base.length) : undefined;
}

/** Where a file of the client is in the sandbox; `rest` can't lead out of the folder. */
function within(folder: string, rest: string): string | undefined {
  const path = posix.normalize(folder + rest);
  return below(folder, path) === undefined ? undefined : path;
}

/** Paths of Windows are compared without regard to case and to the kind of slash. */
function unified(path: string): string {
  return path.replaceAll('\\', '/').toLowerCase();
}

function pathOf(given: string): string {
  if (!given.startsWith('file:')) return given;
  try {
    const { pathname } = new URL(given);
    const drive = /^\/([A-Za-z](?::|%3A)\/.*)$/i.exec(pathname)?.[1];
    return drive === undefined ? fileURLToPath(new URL(given), { windows: false }) : decodeURIComponent(drive);
  } catch {
    return given;
  }
}

/** Rewrites messages on their way: the paths of the client and those of the sandbox, sources that exist only inside, and secrets. */
import { posix } from 'node:path';
import { type DapEvent, type DapResponse, isObject, type Json } from './dap.ts';
import { ACTING, type PathMap } from './paths.ts';
import type { SecretFinder } from './printed-texts.ts';
import type { InnerSources } from './sources.ts';

export interface RewriteParts {
  readonly paths: PathMap;
  readonly sources: InnerSources;
  /** What takes the secrets out of texts. Absent: there are none. */
  readonly secrets?: Pick<SecretFinder, 'redact'> | undefined;
}

/** What is nested deeper is no message that a debugger sends. */
const MAX_DEPTH = 64;
/** In so many characters of a message paths are translated, before and after that. In more there are no files that anybody looks for. */
const MAX_PROSE = 1024 * 1024;
/** The texts of these members are written for people, and name files. */
const PROSE: Readonly<Record<string, ReadonlySet<string>>> = {
  stopped: new Set(['description', 'text']),
  output: new Set(['output']),
  // debugpy names the file in `source`, which the protocol does not have.
  exceptionInfo: new Set(['description', 'message', 'stackTrace', 'fullTypeName', 'source']),
};
/** Members that name something, on one line. */
const NAMES = new Set(['name', 'label']);
const MODULE_PATHS = new Set(['path', 'symbolFilePath']);

/** Whether paths are translated in output of this category: what a program prints on stdout is data. */
export const namesFiles = (category: unknown): boolean => category !== undefined && category !== 'stdout';

/** An adapter that sends such a message is ended. */
export class HostileMessage extends Error {}

export class Rewriter {
  readonly #parts: RewriteParts;
  /** How many characters of prose the message that is being rewritten may still have. */
  #prosaic = 0;

  constructor(parts: RewriteParts) {
    this.#parts = parts;
  }

  event(event: DapEvent): DapEvent {
    this.#prosaic = MAX_PROSE;
    return event.body ? { ...event, body: this.#body(event.event, event.body) } : event;
  }

  response(response: DapResponse): DapResponse {
    this.#prosaic = MAX_PROSE;
    const { command, message, body, success } = response;
    return {
      ...response,
      ...(message === undefined ? {} : { message: this.#prose(message) }),
      ...(body ? { body: success ? this.#body(command, body) : (this.#walk(body, (text) => this.#prose(text), 0) as Json) } : {}),
    };
  }

  /** The arguments for the adapter. undefined: they name a file that the sandbox does not have. */
  arguments(given: Json): Json | undefined {
    const { source } = given;
    if (!isObject(source)) return given;
    const inner = this.#toSandbox(source);
    return inner && { ...given, source: inner };
  }

  #toSandbox(source: Json): Json | undefined {
    const inner = this.#parts.sources.get(source.sourceReference);
    const name = typeof source.name === 'string' ? { name: source.name } : {};
    if (inner) return { ...name, ...(inner.path === undefined ? {} : { path: inner.path }), ...(inner.reference === undefined ? {} : { sourceReference: inner.reference }) };
    const path = typeof source.path === 'string' ? this.#parts.paths.toSandbox(source.path) : undefined;
    return path === undefined ? undefined : { ...name, path };
  }

  /** `kind`: the name of the event or of the command. */
  #body(kind: string, body: Json): Json {
    const prose = kind === 'output' && !namesFiles(body.category) ? undefined : PROSE[kind];
    const text = (value: string, key: string) => {
      if (prose?.has(key)) return this.#prose(value);
      if (kind === 'process' && key === 'name') return this.#name(this.#path(value) ?? posix.basename(value));
      return NAMES.has(key) ? this.#name(value) : this.#clean(value);
    };
    const walked = this.#walk(body, text, 0) as Json;
    return kind === 'module' ? { ...walked, module: this.#module(walked.module as Json) } : walked;
  }

  #module(module: Json): Json {
    return Object.fromEntries(Object.entries(module).flatMap(([key, value]) => (MODULE_PATHS.has(key) ? this.#told(key, value) : [[key, value]])));
  }

  #told(key: string, value: unknown): [string, string][] {
    const path = typeof value === 'string' ? this.#path(value) : undefined;
    return path === undefined ? [] : [[key, path]];
  }

  /** Copies a value, with its texts as `text` gives them and its sources as the client can use them. */
  #walk(value: unknown, text: (value: string, key: string) => string, depth: number, key = ''): unknown {
    if (depth > MAX_DEPTH) throw new HostileMessage('it sent a message that is nested too deeply');
    if (typeof value === 'string') return text(value, key);
    if (Array.isArray(value)) return value.map((each) => (key === 'sources' && isObject(each) ? this.#source(each, depth + 1) : this.#walk(each, text, depth + 1, key)));
    if (!isObject(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, (name === 'source' || name === 'location') && isObject(each) ? this.#source(each, depth + 1) : this.#walk(each, text, depth + 1, name)]));
  }

  /** Only members that every client knows are kept. */
  #source(source: Json, depth: number): Json {
    if (depth > MAX_DEPTH) throw new HostileMessage('it sent a message that is nested too deeply');
    const { path, sourceReference, name, presentationHint, origin } = source;
    const inner = typeof path === 'string' ? path : undefined;
    const reference = typeof sourceReference === 'number' && Number.isSafeInteger(sourceReference) && sourceReference > 0 ? sourceReference : undefined;
    const kept = {
      name: this.#name(typeof name === 'string' ? name : inner === undefined ? 'unknown' : posix.basename(inner)),
      ...(presentationHint === 'normal' || presentationHint === 'emphasize' || presentationHint === 'deemphasize' ? { presentationHint } : {}),
      ...(typeof origin === 'string' ? { origin: this.#clean(origin) } : {}),
      ...(Array.isArray(source.sources) ? { sources: source.sources.filter(isObject).map((each) => this.#source(each, depth + 1)) } : {}),
    };
    const outer = inner === undefined || reference !== undefined ? undefined : this.#path(inner);
    if (outer !== undefined) return { ...kept, path: outer };
    if (inner === undefined && reference === undefined) return kept;
    const number = this.#parts.sources.numberOf({ path: inner, reference });
    return number === undefined ? kept : { ...kept, sourceReference: number };
  }

  /** A path of the client has no secret in it: that of what has is not told. */
  #path(path: string): string | undefined {
    const told = this.#parts.paths.toClient(path);
    return told !== undefined && this.#clean(told) === told ? told : undefined;
  }

  #prose(text: string): string {
    const told = this.#parts.paths.inText(this.#clean(text), this.#prosaic);
    this.#prosaic = Math.max(0, this.#prosaic - told.length);
    return told;
  }

  #name(text: string): string {
    return this.#clean(text).replace(ACTING, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`);
  }

  #clean(text: string): string {
    return this.#parts.secrets?.redact(text) ?? text;
  }
}

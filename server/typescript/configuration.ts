/**
 * What the tsconfig.json of a file says about running it. It is read as data: nothing that it names is run. One that
 * can't be read, or is far too large, says nothing.
 */
import { createRequire } from 'node:module';
import { basename, dirname, join, resolve } from 'node:path';
import { isFile, readObject, statsOf } from './files.ts';

/** As they stand in the file, except that `baseUrl` is an absolute path. */
export interface CompilerOptions {
  readonly baseUrl?: string;
  readonly paths?: Readonly<Record<string, unknown>>;
  /** The folder of the file in which `paths` stands. */
  readonly pathsFrom?: string;
  readonly [name: string]: unknown;
}

/** Imports that match stand for one of these files. */
export interface PathPattern {
  readonly before: string;
  /** undefined: the pattern has no star. */
  readonly after: string | undefined;
  /** Absolute; a star in them stands for what the star of the pattern matched. */
  readonly targets: readonly string[];
}

export interface Configuration {
  readonly options: CompilerOptions;
  /** The most specific one first. */
  readonly paths: readonly PathPattern[];
}

const MAX_BYTES = 1024 * 1024;
/** How many files one may be based on. */
const MAX_BASES = 32;

const nothing: Configuration = { options: {}, paths: [] };

/** Configurations by folder. Each is read once. */
export class Configurations {
  readonly #known = new Map<string, Configuration>();

  /** That of the nearest folder around `file` that has one. The files of packages have none. */
  of(file: string): Configuration {
    const folder = dirname(file);
    if (basename(folder) === 'node_modules') return nothing;
    const known = this.#known.get(folder);
    if (known) return known;
    const own = join(folder, 'tsconfig.json');
    const configuration = isFile(own) ? prepared(read(own, { left: MAX_BASES })) : dirname(folder) === folder ? nothing : this.of(folder);
    this.#known.set(folder, configuration);
    return configuration;
  }
}

/** The options of a file, on top of those that it is based on. */
function read(file: string, budget: { left: number }): CompilerOptions {
  const { extends: bases = [], compilerOptions: own = {} } = parse(file);
  const inherited = [bases].flat().map((base) => {
    const other = typeof base === 'string' && budget.left-- > 0 ? find(base, file) : undefined;
    return other === undefined ? {} : read(other, budget);
  });
  const folder = dirname(file);
  const { baseUrl, paths } = own as CompilerOptions;
  return Object.assign({}, ...inherited, own, {
    ...(typeof baseUrl === 'string' ? { baseUrl: absolute(baseUrl, folder) } : {}),
    ...(paths === undefined ? {} : { pathsFrom: folder }),
  }) as CompilerOptions;
}

function absolute(path: string, folder: string): string {
  return resolve(folder, path.replace('${configDir}', folder));
}

function find(base: string, file: string): string | undefined {
  const asFile = (name: string) => [name, `${name}.json`, join(name, 'tsconfig.json')].find(isFile);
  if (/^\.{0,2}\//.test(base)) return asFile(resolve(dirname(file), base));
  return (createRequire(file).resolve.paths(base) ?? []).map((folder) => asFile(join(folder, base))).find(Boolean);
}

function prepared(options: CompilerOptions): Configuration {
  const { paths, pathsFrom = '/', baseUrl = pathsFrom } = options;
  const list = Object.entries(paths ?? {}).map(([pattern, targets]): PathPattern => {
    const [before = '', after] = pattern.split('*');
    return { before, after, targets: [targets].flat().map((target) => absolute(String(target), baseUrl)) };
  });
  const exact = ({ after }: PathPattern) => Number(after === undefined);
  return { options, paths: list.sort((a, b) => exact(b) - exact(a) || b.before.length - a.before.length) };
}

function parse(file: string): { extends?: unknown; compilerOptions?: object } {
  return (statsOf(file)?.size ?? Infinity) > MAX_BYTES ? {} : (readObject(file, withoutComments) ?? {});
}

/** Takes comments, trailing commas and the byte order mark away. Strings stay as they are. */
function withoutComments(text: string): string {
  const strings = /"(?:[^"\\\n]|\\.)*"/.source;
  const comments = /\/\/[^\n]*|\/\*[^]*?\*\//.source;
  const without = (pattern: string) => (all: string) => all.replace(new RegExp(`${strings}|${pattern}`, 'g'), (piece) => (piece.startsWith('"') ? piece : ''));
  return without(',(?=\\s*[}\\]])')(without(comments)(text.replace(/^\ufeff/, '')));
}

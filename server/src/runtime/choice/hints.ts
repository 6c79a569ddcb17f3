/** What a program tells of the runtime that it is written for: Node, Deno or Bun. They run the same languages, but not the same programs. */
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import type { LanguageId } from '../../protocol/index.ts';

export type Engine = 'node' | 'deno' | 'bun';

export interface Hint {
  readonly engine: Engine;
  /** In words for people: what the hint was found in. */
  readonly why: string;
}

/** What is known of the program that is to be run. */
export interface ProgramFacts {
  readonly text: string | undefined;
  /** A folder of the host that the client may share, and the file in there. */
  readonly folder: string | undefined;
  readonly path: string | undefined;
}

const engineNames: Readonly<Record<Engine, string>> = { node: 'Node', deno: 'Deno', bun: 'Bun' };
const languages: readonly (LanguageId | undefined)[] = ['javascript', 'typescript'];
const MAX_TEXT_BYTES = 256 * 1024;
/** No more folders are looked at on the way from the file up to the shared folder. */
const MAX_FOLDERS = 20;

/** Node is what every runtime has that is not named after another one. */
export function engineOf(runtime: string): Engine {
  return runtime === 'deno' || runtime === 'bun' ? runtime : 'node';
}

/** What the file says counts before what lies around it, and what lies nearer before what lies farther. */
export async function findHint(language: LanguageId | undefined, { text, folder, path }: ProgramFacts): Promise<Hint | undefined> {
  if (!languages.includes(language)) return undefined;
  const file = folder !== undefined && path !== undefined ? join(folder, path) : undefined;
  const inside = folder !== undefined && file !== undefined && relative(folder, file).split(sep)[0] !== '..';
  const said = text ?? (inside ? await textOf(file) : undefined);
  const own = said === undefined ? undefined : hintOfText(said);
  const around = own ?? (folder === undefined ? undefined : await hintOfFolder(folder, inside ? dirname(file) : folder));
  return around ?? (said === undefined ? undefined : hintOfImports(said));
}

/** Modules of Node that others have in name: programs of tests do nothing in Deno and fail in Bun, and in Deno no program may listen. */
function hintOfImports(text: string): Hint | undefined {
  const [, module] = /\b(?:from|import)\s*\(?\s*["'](node:(?:test|https?|http2|net|dgram))["']/.exec(text) ?? [];
  return module === undefined ? undefined : { engine: 'node', why: `it imports ${module}` };
}

/** What the text of a file tells. */
export function hintOfText(text: string): Hint | undefined {
  const [, interpreter] = /^#!.*?\b(node|deno|bun)\b/.exec(text) ?? [];
  if (interpreter) return { engine: interpreter as Engine, why: `its first line names ${engineNames[interpreter as Engine]}` };
  if (/\b(?:from|import)\s*\(?\s*["']bun(?::[\w/-]+)?["']/.test(text)) return { engine: 'bun', why: 'it imports a module of Bun' };
  if (/\b(?:from|import)\s*\(?\s*["'](?:jsr:|npm:|https:\/\/)/.test(text)) return { engine: 'deno', why: 'it imports as Deno does, by jsr:, npm: or https:' };
  const code = text.replaceAll(/\/\*[^]*?\*\/|\/\/[^\n]*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'/g, ' ');
  const used = (['Deno', 'Bun'] as const).filter((name) => new RegExp(`(?<![\\w$.])${name}\\s*\\.\\s*[\\w$]`).test(code));
  const asked = /\btypeof\s+(?:globalThis\s*\.\s*)?(?:Deno|Bun)\b|\bglobalThis\s*\??\.\s*(?:Deno|Bun)\b/.test(code);
  const [global] = used;
  if (global && used.length === 1 && !asked) return { engine: global === 'Deno' ? 'deno' : 'bun', why: `it uses ${global}, which only ${global} has` };
  if (/(?<![\w$.])(?:require\s*\(|module\.exports\b|__dirname\b|__filename\b)/.test(code)) return { engine: 'node', why: 'it is a module as Node has them (require, module.exports, __dirname)' };
  return undefined;
}

/** The files that tell it by being there. */
const markers: readonly (readonly [RegExp, Engine])[] = [
  [/^deno\.(?:jsonc?|lock)$/, 'deno'],
  [/^(?:bun\.lockb?|bunfig\.toml)$/, 'bun'],
  [/^(?:package-lock\.json|npm-shrinkwrap\.json|yarn\.lock|pnpm-lock\.yaml|\.nvmrc|\.node-version)$/, 'node'],
];

/** The nearest folder that tells anything, from `from` up to `top`. */
async function hintOfFolder(top: string, from: string): Promise<Hint | undefined> {
  for (let folder = from, count = 0; count < MAX_FOLDERS; folder = dirname(folder), count++) {
    const names: readonly string[] = await readdir(folder).catch(() => []);
    for (const [marker, engine] of markers) {
      const name = names.find((each) => marker.test(each));
      if (name !== undefined) return { engine, why: `${name} in its folder is of ${engineNames[engine]}` };
    }
    if (names.includes('package.json')) return hintOfPackage((await textOf(join(folder, 'package.json'))) ?? '');
    if (folder === top || !folder.startsWith(top + sep)) return undefined;
  }
  return undefined;
}

/** What a package.json tells. */
export function hintOfPackage(text: string): Hint {
  const named = (engine: Engine): Hint => ({ engine, why: `package.json in its folder names ${engineNames[engine]}` });
  if (/"packageManager"\s*:\s*"bun@|"(?:@types\/bun|bun-types)"\s*:/.test(text)) return named('bun');
  const [, engines = ''] = /"engines"\s*:\s*\{([^}]*)\}/.exec(text) ?? [];
  const [only, ...more] = (['node', 'deno', 'bun'] as const).filter((engine) => engines.includes(`"${engine}"`));
  if (only && more.length === 0) return named(only);
  return { engine: 'node', why: 'package.json is in its folder' };
}

async function textOf(path: string): Promise<string | undefined> {
  return readFile(path).then((bytes) => bytes.toString('utf8', 0, MAX_TEXT_BYTES), () => undefined);
}

/** The hint, where no runtime that can be had follows it. */
export function unmet({ engine, why }: Hint): string {
  return `${why}, but no runtime with ${engineNames[engine]} can be used here`;
}

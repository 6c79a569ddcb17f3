/** Translates one file of TypeScript or JSX to JavaScript, and says as which kind of module it runs. */
import { readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { compileFunction } from 'node:vm';
import type { Configurations } from './configuration.ts';
import { readObject } from './files.ts';
import { transform } from './transform.ts';
import type { Oxc, SourceMap } from './translator.ts';

export interface Translation {
  readonly format: 'module' | 'commonjs';
  readonly source: string;
}

/** The variables that every file in CommonJS has. */
const wrapper = ['exports', 'require', 'module', '__filename', '__dirname'];

/** Whether a file has to be translated. */
export function isOurs(file: string): boolean {
  return /\.(?:[cm]?ts|[tj]sx)$/.test(file);
}

/** @throws SyntaxError */
export function translate(file: string, oxc: Oxc, configurations: Configurations): Translation {
  // The line of a shebang stays a line.
  const text = readFileSync(file, 'utf8').replace(/^\ufeff/, '').replace(/^#!/, '//');
  const { code, map } = transform(oxc, file, text, configurations.of(file).options);
  const format = formatOf(file, code);
  const before = format === 'module' ? commonJsVariables(code) : '';
  return { format, source: `${before}${code}\n${mapComment(map, before)}` };
}

function formatOf(file: string, code: string): Translation['format'] {
  if (file.endsWith('.mts')) return 'module';
  if (!file.endsWith('.cts') && typeOfPackage(dirname(file)) === 'module') return 'module';
  try {
    // It has no name: a debugger would take it for the file, and its lines for those of the file.
    compileFunction(code, wrapper);
    return 'commonjs';
  } catch {
    // It has an import, an export, import.meta or a top-level await.
    return 'module';
  }
}

/** The field `type` of the package to which a folder belongs. */
function typeOfPackage(folder: string): unknown {
  const found = readObject(join(folder, 'package.json'));
  const parent = dirname(folder);
  if (found || parent === folder || basename(folder) === 'node_modules') return found?.type;
  return typeOfPackage(parent);
}

const variables: Readonly<Record<string, string>> = {
  __filename: '$url.fileURLToPath(import.meta.url)',
  __dirname: '$path.dirname($url.fileURLToPath(import.meta.url))',
  require: '$module.createRequire(import.meta.url)',
};

/** A line that gives a module those variables of CommonJS that it uses and does not declare, as Bun does. */
function commonJsVariables(code: string): string {
  const used = Object.entries(variables).filter(([name]) => new RegExp(`(?<![.\\w$])${name}\\b`).test(code) && !declares(code, name));
  if (used.length === 0) return '';
  const imports = 'import * as $module from "node:module"; import * as $path from "node:path"; import * as $url from "node:url"; ';
  return `${imports}const ${used.map(([name, value]) => `${name} = ${value}`).join(', ')};\n`;
}

function declares(code: string, name: string): boolean {
  const statements = [`(?:const|let|var)\\s[^;]*?\\b${name}\\b\\s*(?:=|[},])`, `(?:function|class)\\s+${name}\\b`, `import\\s[^;"']*\\b${name}\\b[^;"']*\\bfrom\\b`];
  return new RegExp(statements.map((statement) => `\\b${statement}`).join('|')).test(code);
}

function mapComment(map: SourceMap | undefined, before: string): string {
  if (!map) return '';
  const mappings = before === '' ? map.mappings : `;${map.mappings}`;
  return `//# sourceMappingURL=data:application/json;base64,${Buffer.from(JSON.stringify({ ...map, mappings })).toString('base64')}`;
}

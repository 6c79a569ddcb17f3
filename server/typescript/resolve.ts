/** Which file an import means, by the rules of TypeScript: without an extension, with that of what it is translated to, or by tsconfig.json. */
import { isBuiltin } from 'node:module';
import { dirname, extname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Configurations } from './configuration.ts';
import { isFile, readObject, statsOf } from './files.ts';

/** In this order they are tried for a name without an extension. */
const extensions = ['.ts', '.tsx', '.mts', '.cts', '.js', '.jsx', '.mjs', '.cjs', '.json'];
/** What an extension may stand for. */
const sources: Readonly<Record<string, readonly string[]>> = { '.js': ['.ts', '.tsx'], '.jsx': ['.tsx', '.ts'], '.mjs': ['.mts'], '.cjs': ['.cts'] };

/**
 * The path of the file that `specifier` means in the file `parent`. undefined: it is not for these rules to say, or there
 * is no such file.
 */
export function fileFor(specifier: string, parent: string, configurations: Configurations): string | undefined {
  if (specifier.startsWith('file:')) return found(fileURLToPath(specifier));
  if (/^(?:\.{1,2}(?:\/|$)|\/)/.test(specifier)) return found(resolve(dirname(parent), specifier), specifier.endsWith('/'));
  if (/^[a-z][\w+.-]*:|^#/i.test(specifier) || isBuiltin(specifier)) return undefined;
  return byConfiguration(specifier, parent, configurations);
}

function byConfiguration(specifier: string, parent: string, configurations: Configurations): string | undefined {
  const { paths, options } = configurations.of(parent);
  for (const { before, after, targets } of paths) {
    const suits = after === undefined ? specifier === before : specifier.length >= before.length + after.length && specifier.startsWith(before) && specifier.endsWith(after);
    if (!suits) continue;
    const star = specifier.slice(before.length, specifier.length - (after ?? '').length);
    const file = first(targets, (target) => found(target.replace('*', () => star)));
    if (file !== undefined) return file;
  }
  return options.baseUrl === undefined ? undefined : found(resolve(options.baseUrl, specifier));
}

function found(base: string, onlyFolder = false): string | undefined {
  const stats = statsOf(base);
  if (stats?.isFile() && !onlyFolder) return base;
  const extension = extname(base);
  const stem = base.slice(0, base.length - extension.length);
  const candidates = onlyFolder ? [] : [...(sources[extension] ?? []).map((other) => stem + other), ...extensions.map((other) => base + other)];
  return candidates.find(isFile) ?? (stats?.isDirectory() ? inFolder(base) : undefined);
}

function inFolder(folder: string): string | undefined {
  const main = mainOf(folder);
  return (main === undefined || main === folder ? undefined : found(main)) ?? extensions.map((other) => join(folder, `index${other}`)).find(isFile);
}

function mainOf(folder: string): string | undefined {
  const main = readObject(join(folder, 'package.json'))?.main;
  return typeof main === 'string' ? resolve(folder, main) : undefined;
}

function first<T, R>(list: readonly T[], find: (each: T) => R | undefined): R | undefined {
  for (const each of list) {
    const result = find(each);
    if (result !== undefined) return result;
  }
  return undefined;
}

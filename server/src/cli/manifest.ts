/** Finds the manifest in the folder that goes along with a program: the file that names the packages which it needs. */
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { managers } from '../packages/managers/index.ts';
import type { LanguageId } from '../protocol/index.ts';

/** Larger manifests are not looked into; they are taken to name packages. */
const MAX_BYTES = 1024 * 1024;

/** Whether a manifest asks for any package. What is in doubt is left to the manager. */
const asks: Readonly<Record<string, (text: string) => boolean>> = {
  'requirements.txt': (text) => text.split('\n').some((line) => /^\s*[^\s#]/.test(line)),
  'pyproject.toml': (text) => /^\s*dependencies\s*=\s*\[\s*(?:#[^\n]*\s*)*["']/m.test(text),
  'package.json': hasDependencies,
  Gemfile: (text) => /^\s*(?:gem[\s(]|gemspec\b|eval_gemfile\b)/m.test(text),
  'go.mod': (text) => /^\s*require\b/m.test(text),
};

/** The name of the manifest for programs in this language. undefined: there is none that asks for packages. */
export async function findManifest(folder: string, language: LanguageId): Promise<string | undefined> {
  const manager = managers.find(({ languages }) => languages.includes(language));
  for (const name of manager?.manifests ?? []) {
    const text = await read(join(folder, name));
    if (text !== undefined && (asks[name]?.(text) ?? true)) return name;
  }
  return undefined;
}

/** undefined: it is no regular file, or can't be read. */
async function read(path: string): Promise<string | undefined> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch(() => undefined);
  try {
    if (!(await file?.stat())?.isFile()) return undefined;
    const { bytesRead, buffer } = (await file?.read(Buffer.alloc(MAX_BYTES), 0, MAX_BYTES, 0)) ?? { bytesRead: 0, buffer: Buffer.alloc(0) };
    return buffer.toString('utf8', 0, bytesRead);
  } catch {
    return undefined;
  } finally {
    await file?.close();
  }
}

function hasDependencies(text: string): boolean {
  try {
    const { dependencies, devDependencies, optionalDependencies } = JSON.parse(text) as Readonly<Record<string, unknown>>;
    return [dependencies, devDependencies, optionalDependencies].some((each) => typeof each === 'object' && each !== null && Object.keys(each).length > 0);
  } catch {
    return false;
  }
}

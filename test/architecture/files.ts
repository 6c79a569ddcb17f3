/** Reads all text files of the project, except installed and generated ones. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface SourceFile {
  /** The POSIX path, relative to the root of the project. */
  readonly path: string;
  readonly text: string;
}

const root = fileURLToPath(new URL('../..', import.meta.url));
const skipped = new Set(['node_modules', 'dist', '.git', '.cache']);
const textual = /\.(?:ts|js|mjs|cjs|json|md|sh|lua|py|go|cs|rb|vim|yml|yaml|c|h)$|^\.ci\/|(?:^|\/)\.[a-z]+(?:ignore|rc)$/;

export function projectFiles(folder = ''): SourceFile[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory()) return skipped.has(entry.name) ? [] : projectFiles(path);
    return entry.isFile() && textual.test(path) ? [{ path, text: readFileSync(join(root, path), 'utf8') }] : [];
  });
}

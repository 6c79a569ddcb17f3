/** The files beside a source file that belong to the same program: in some languages it does not name them. */
import { posix } from 'node:path';
import type { SourceFile, SourceFiles } from '../ports.ts';

/** No more files of a folder are looked at, and no more of each. */
const MAX_FILES = 200;
const MAX_BYTES = 256 * 1024;

/** The files of the same folder whose names `wanted` takes, without the source file itself, in the order of their names. Their texts are without comments and strings. */
export async function beside({ path }: SourceFile, files: SourceFiles, wanted: (name: string) => boolean): Promise<SourceFile[]> {
  const folder = posix.dirname(path);
  const accept = (name: string) => name !== posix.basename(path) && wanted(name);
  const { entries } = await files.list(folder, { recursive: false, limit: MAX_FILES, accept });
  const found: SourceFile[] = [];
  for (const { path: other, type } of entries) {
    if (type !== 'file') continue;
    const { bytes } = await files.read(other, 0, MAX_BYTES);
    found.push({ path: other, text: bare(bytes.toString()) });
  }
  return found;
}

/** Source code without its comments and strings, which languages with the syntax of C have in common. */
export function bare(text: string): string {
  return text.replaceAll(/\/\*[^]*?\*\/|\/\/[^\n]*|@?"(?:\\.|[^"\\\n])*"|`[^`]*`/g, ' ');
}

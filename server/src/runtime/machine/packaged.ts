/** Programs that come as npm packages: the ones that were installed with us, else those on PATH. */
import { constants } from 'node:fs';
import { access, open } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { delimiter, dirname, isAbsolute, join } from 'node:path';

export interface Packaged {
  /** On PATH. */
  readonly name: string;
  /** Files of packages, the likeliest first. A package may be found through one that depends on it. */
  readonly files: readonly { readonly package: string; readonly through?: string; readonly file: string }[];
}

/** The path of a real program: what stands in for one until an installation has ended does not count. */
export async function findPackaged({ name, files }: Packaged, searchPath: string | undefined): Promise<string | undefined> {
  const onPath = searchFolders(searchPath).map((folder) => join(folder, name));
  for (const path of [...files.map(installed), ...onPath]) {
    if (path !== undefined && (await isProgram(path))) return path;
  }
  return undefined;
}

/** The folders of a PATH, without those that depend on the working directory. */
export function searchFolders(searchPath = ''): readonly string[] {
  return searchPath.split(delimiter).filter(isAbsolute);
}

function installed({ package: name, through, file }: Packaged['files'][number]): string | undefined {
  try {
    const here = createRequire(import.meta.url);
    const from = through === undefined ? here : createRequire(here.resolve(`${through}/package.json`));
    return join(dirname(from.resolve(`${name}/package.json`)), file);
  } catch {
    return undefined;
  }
}

/** How programs of Linux, of macOS (for one machine, for several) and of Windows begin. */
const PROGRAM = /^(?:\x7fELF|\xcf\xfa\xed\xfe|\xca\xfe\xba\xbe|MZ)/;

export async function isProgram(path: string): Promise<boolean> {
  if (!(await access(path, constants.X_OK).then(() => true, () => false))) return false;
  const file = await open(path).catch(() => undefined);
  if (!file) return false;
  try {
    const { buffer } = await file.read(Buffer.alloc(4), 0, 4, 0);
    return PROGRAM.test(buffer.toString('latin1'));
  } finally {
    await file.close();
  }
}

/** Finds programs that are installed as npm packages beside this one, or are on PATH. */
import { constants } from 'node:fs';
import { access, open } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { delimiter, dirname, isAbsolute, join } from 'node:path';

export interface Packaged {
  /** The name of the program on PATH. */
  readonly name: string;
  /** Where packages have it, in the order in which they are tried. `through`: a package that depends on `package`, for one that can't be resolved from here. */
  readonly files: readonly { readonly package: string; readonly through?: string; readonly file: string }[];
}

/** The path of the first that is an executable program. A script does not count: packages have one in the program's place until their installation is complete. */
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

/** The first bytes of executable files: ELF of Linux, Mach-O of macOS (for one architecture, for several), and those of Windows. */
const PROGRAM = /^(?:\x7fELF|\xcf\xfa\xed\xfe|\xca\xfe\xba\xbe|MZ)/;

/** Whether `path` is an executable file of one of these formats. */
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

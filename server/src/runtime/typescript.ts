/**
 * The loader that makes Node understand TypeScript (server/typescript), as files. They are put into every sandbox
 * and work there, on the same side as the program. The daemon runs nothing of them, and reads no TypeScript itself.
 */
import { isThere } from '../base/is-there.ts';
import { randomBytes } from 'node:crypto';
import { chmod, copyFile, mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';

/** Where they are inside a sandbox. */
export const TYPESCRIPT = '/.codebeaker/typescript';
/** What Node requires before a program. */
export const LOADER = `${TYPESCRIPT}/loader.cjs`;

/** In the built daemon, and where the build puts them as seen from the sources. */
const places = ['../typescript/', '../../dist/typescript/'];

/** The content of each file, by its name. @throws Error where they are missing */
export async function readTypeScript(): Promise<ReadonlyMap<string, Buffer>> {
  return new Map(await Promise.all((await files()).map(async (path) => [basename(path), await readFile(path)] as const)));
}

/**
 * Puts them into a folder of this host, where every user can read them and a container engine can mount them. Resolves
 * with the path of their own folder in it.
 */
export async function installTypeScript(parent: string): Promise<string> {
  const folder = join(parent, 'typescript');
  if (await isThere(folder)) return folder;
  const part = `${folder}-${randomBytes(4).toString('hex')}`;
  try {
    await mkdir(part);
    await chmod(part, 0o755);
    await Promise.all((await files()).map((path) => copyTo(path, join(part, basename(path)))));
    await rename(part, folder);
  } catch (fault) {
    await rm(part, { recursive: true, force: true });
    // Somebody else has just done the same.
    if (!(await isThere(folder))) throw fault;
  }
  return folder;
}

async function copyTo(path: string, copy: string): Promise<void> {
  await copyFile(path, copy);
  await chmod(copy, 0o444);
}

async function files(): Promise<readonly string[]> {
  const here = createRequire(import.meta.url);
  for (const place of places) {
    try {
      const folder = dirname(here.resolve(`${place}loader.cjs`));
      return (await readdir(folder)).map((name) => join(folder, name));
    } catch {
      // They may be in the next place.
    }
  }
  throw new Error('the loader for TypeScript is missing from this installation of CodeBeaker; install it again');
}

/** What this machine has for debugging: whole adapters, and files of them for sandboxes that have none. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { posix } from 'node:path';
import type { DebugConfig, LanguageId, RuntimeInfo } from '../protocol/index.ts';
import type { DebugHost, DebugLanguage } from './adapter.ts';
import { debugLanguages } from './adapters/table.ts';
import { debugs } from './where.ts';

/** Where the build puts what is for sandboxes: as seen from the built daemon, and from the sources. */
const places = ['../debug/', '../../dist/debug/'];
/** More than any debugger has. */
const MAX_PACKED_BYTES = 64 * 1024 * 1024;
const MAX_PACKED_FILES = 10_000;

export interface DebuggerReport {
  readonly language: LanguageId;
  /** The available runtimes whose sandboxes can debug it. None: the hint says how to get one. */
  readonly runtimes: readonly string[];
  readonly hint: string;
}

export class DebugHosts {
  readonly #adapters: Readonly<Partial<Record<LanguageId, string>>>;
  /** The archives that were made, by their folders: nothing changes what a package manager has installed while a daemon lives. */
  readonly #packed = new Map<string, Promise<Buffer>>();

  constructor({ adapters = {} }: DebugConfig = {}) {
    this.#adapters = adapters;
  }

  /** The languages whose programs can be debugged in the sandboxes of these runtimes, as far as those are available. */
  async languages(runtimes: readonly RuntimeInfo[]): Promise<LanguageId[]> {
    return (await this.report(runtimes)).filter((each) => each.runtimes.length > 0).map(({ language }) => language);
  }

  /** Of each language that can be debugged at all, where, and how to get what is missing. */
  async report(runtimes: readonly RuntimeInfo[]): Promise<DebuggerReport[]> {
    const offered = await this.#offered();
    return debugLanguages.map((row) => ({ language: row.language, runtimes: offered.includes(row) ? runtimes.filter((each) => debugs(row, each)).map(({ id }) => id) : [], hint: row.hint }));
  }

  async #offered(): Promise<DebugLanguage[]> {
    const offered = await Promise.all(debugLanguages.map((row) => row.offered(this.host(row.language))));
    return debugLanguages.filter((_, at) => offered[at]);
  }

  host(language: LanguageId): DebugHost {
    return { folder: this.#adapters[language], exists, file, own, pack: (folder, wanted) => this.#pack(folder, wanted) };
  }

  async #pack(folder: string, wanted: (path: string) => boolean): Promise<Buffer> {
    const known = this.#packed.get(folder);
    if (known) return known;
    const packing = pack(folder, wanted);
    this.#packed.set(folder, packing);
    packing.catch(() => this.#packed.delete(folder));
    return packing;
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(() => true, () => false);
}

async function file(path: string): Promise<Buffer | undefined> {
  const found = await stat(path).catch(() => undefined);
  return found?.isFile() && found.size <= MAX_PACKED_BYTES ? readFile(path).catch(() => undefined) : undefined;
}

async function own(name: string): Promise<Buffer | undefined> {
  const here = createRequire(import.meta.url);
  for (const place of places) {
    try {
      return await readFile(here.resolve(place + name));
    } catch {
      // It may be in the next place.
    }
  }
  return undefined;
}

/** A tar archive of the files whose relative paths, with slashes, `wanted` wants. Links are followed. */
async function pack(folder: string, wanted: (path: string) => boolean): Promise<Buffer> {
  const { default: tar } = await import('tar-stream');
  const archive = tar.pack();
  const chunks: Buffer[] = [];
  archive.on('data', (chunk) => void chunks.push(chunk as Buffer));
  const ended = new Promise<void>((resolve, reject) => void archive.on('end', resolve).on('error', reject));
  let bytes = 0;
  let files = 0;
  const add = async (below: string): Promise<void> => {
    for (const name of (await readdir(posix.join(folder, below))).sort()) {
      const path = posix.join(below, name);
      if (!wanted(path)) continue;
      const found = await stat(posix.join(folder, path)).catch(() => undefined);
      if (found?.isDirectory()) await add(path);
      if (!found?.isFile()) continue;
      bytes += found.size;
      files += 1;
      if (bytes > MAX_PACKED_BYTES || files > MAX_PACKED_FILES) throw new Error(`there is more in the folder of the debugger than ${MAX_PACKED_BYTES} bytes in ${MAX_PACKED_FILES} files`);
      archive.entry({ name: path, mode: 0o644 }, await readFile(posix.join(folder, path)));
    }
  };
  await add('');
  archive.finalize();
  await ended;
  return Buffer.concat(chunks);
}

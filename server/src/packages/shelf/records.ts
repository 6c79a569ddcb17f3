/**
 * What is known of the environments on the shelf, as files. `records/NAME.json` says what the environment NAME is; it is
 * there before the environment and goes after it, so that nothing on the shelf is unknown. `keys/KEY` has the name of the
 * environment for a key. Each file is replaced in one step, so several daemons may write at once: the last one wins.
 */
import { randomBytes } from 'node:crypto';
import { readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod/mini';
import { later } from '../../protocol/later.ts';
import { managerIds } from '../ports.ts';

const nameOf = z.string().check(z.regex(/^[0-9a-f]{32}$/));
const keyOf = z.string().check(z.regex(/^[0-9a-f]{64}$/));

export const EnvironmentRecord = later(() => z.object({
  /** Of its folder on the shelf. */
  name: nameOf,
  key: keyOf,
  manager: z.enum(managerIds),
  /** What was asked for, for people: the name of a manifest, or names of packages. */
  label: z.string(),
  /** In milliseconds since the epoch. */
  madeAt: z.number(),
  /** Whether the wish said every version. */
  locked: z.boolean(),
  bytes: z.number(),
  files: z.number(),
  /** Of its contents (tree.ts). */
  digest: z.string(),
  /** PATH in a sandbox of its kind. */
  searchPath: z.string(),
  /** The entries of the folder that is seen in /node_modules. */
  modules: z.array(z.string()),
  installed: z.array(z.object({ name: z.string(), version: z.string() })),
}));
export type EnvironmentRecord = z.infer<typeof EnvironmentRecord>;

export interface Use {
  readonly lastUsedAt: number;
  /** Until then it is not removed. */
  readonly until: number;
}

export class Records {
  readonly #records: string;
  readonly #keys: string;

  /** The two folders, which exist. */
  constructor(folders: { readonly records: string; readonly keys: string }) {
    this.#records = folders.records;
    this.#keys = folders.keys;
  }

  /** What is known of the environment for a key. undefined: nothing that makes sense. It need not be on the shelf. */
  async find(key: string): Promise<EnvironmentRecord | undefined> {
    const name = await readFile(join(this.#keys, key), 'utf8').catch(() => '');
    return /^[0-9a-f]{32}$/.test(name) ? this.get(name) : undefined;
  }

  async get(name: string): Promise<EnvironmentRecord | undefined> {
    const text = await readFile(this.#path(name), 'utf8').catch(() => '');
    try {
      const { data } = z.safeParse(EnvironmentRecord, JSON.parse(text));
      return data?.name === name ? data : undefined;
    } catch {
      return undefined;
    }
  }

  async add(record: EnvironmentRecord): Promise<void> {
    await replace(this.#path(record.name), JSON.stringify(record));
  }

  /** From now on `key` means this environment. */
  async point({ key, name }: EnvironmentRecord): Promise<void> {
    await replace(join(this.#keys, key), name);
  }

  /** `key` no longer means this environment. */
  async unpoint({ key, name }: EnvironmentRecord): Promise<void> {
    const path = join(this.#keys, key);
    if ((await readFile(path, 'utf8').catch(() => '')) === name) await rm(path, { force: true });
  }

  async remove(name: string): Promise<void> {
    await rm(this.#usePath(name), { force: true });
    await rm(this.#path(name), { force: true });
  }

  /** The names of all environments of which there is a record, also of those that are not on the shelf. */
  async names(): Promise<readonly string[]> {
    return (await readdir(this.#records)).filter((entry) => /^[0-9a-f]{32}\.json$/.test(entry)).map((entry) => entry.slice(0, 32));
  }

  /** The times of the file that is there for nothing else. */
  async useOf(name: string): Promise<Use> {
    const { atimeMs, mtimeMs } = await stat(this.#usePath(name)).catch(() => ({ atimeMs: 0, mtimeMs: 0 }));
    return { lastUsedAt: atimeMs, until: mtimeMs };
  }

  /** Another daemon may have noted a later time for the same environment: that one stays. */
  async use(name: string, now: number, until: number): Promise<void> {
    const path = this.#usePath(name);
    const last = await this.useOf(name);
    if (last.until === 0) await writeFile(path, '', { mode: 0o600 });
    await utimes(path, now / 1000, Math.max(last.until, until) / 1000);
  }

  #path(name: string): string {
    return join(this.#records, `${name}.json`);
  }

  #usePath(name: string): string {
    return join(this.#records, `${name}.use`);
  }
}

async function replace(path: string, text: string): Promise<void> {
  const part = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    await writeFile(part, text, { flag: 'wx', mode: 0o600 });
    await rename(part, path);
  } catch (fault) {
    await rm(part, { force: true });
    throw fault;
  }
}

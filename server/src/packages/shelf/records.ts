/**
 * What is known of the environments on the shelf, as files. `records/NAME.json` says what the environment NAME is; it is
 * there before the environment and goes after it, so that nothing on the shelf is unknown. `keys/KEY` has the name of the
 * environment for a key. Each file is replaced in one step, so several daemons may write at once: the last one wins.
 */
import { randomBytes } from 'node:crypto';
import { readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod/mini';
import { errorCode } from '../../runtime/machine/faults.ts';
import { later } from '../../protocol/later.ts';
import { Advisory } from '../../protocol/values.ts';
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
  /** The weaknesses that were known of it at a time, in milliseconds since the epoch. Absent: nobody has told. */
  audit: z.optional(z.object({ at: z.number(), advisories: z.array(Advisory) })),
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
    for (const user of await this.#usersOf(name)) await rm(join(this.#records, user), { force: true });
    await rm(this.#path(name), { force: true });
  }

  /** The names of all environments of which there is a record, also of those that are not on the shelf. */
  async names(): Promise<readonly string[]> {
    return (await readdir(this.#records)).filter((entry) => /^[0-9a-f]{32}\.json$/.test(entry)).map((entry) => entry.slice(0, 32));
  }

  /** The last use that any daemon has noted, and until when any of them uses it. What a dead daemon has noted ends by itself, at the latest. */
  async useOf(name: string, now: number): Promise<Use> {
    const users = (await this.#usersOf(name)).filter((user) => user.endsWith('.use'));
    const times = await Promise.all(users.map(async (user) => [user, await timesOf(join(this.#records, user))] as const));
    for (const [user, { mtimeMs }] of times) if (mtimeMs <= now) await rm(join(this.#records, user), { force: true });
    const { mtimeMs: lastUsedAt } = await timesOf(join(this.#records, `${name}.last`));
    return { lastUsedAt, until: Math.max(0, ...times.map(([, { mtimeMs }]) => mtimeMs)) };
  }

  /** `owner`: the daemon that uses it. */
  async use(name: string, owner: string, now: number, until: number): Promise<void> {
    await touch(join(this.#records, `${name}.last`), now);
    await touch(join(this.#records, `${name}.${owner}.use`), until);
  }

  /** The daemon no longer uses it. */
  async release(name: string, owner: string): Promise<void> {
    await rm(join(this.#records, `${name}.${owner}.use`), { force: true });
  }

  /** The daemon uses nothing any more. */
  async releaseAll(owner: string): Promise<void> {
    for (const entry of await readdir(this.#records)) if (entry.endsWith(`.${owner}.use`)) await rm(join(this.#records, entry), { force: true });
  }

  async #usersOf(name: string): Promise<string[]> {
    return (await readdir(this.#records)).filter((entry) => entry.startsWith(`${name}.`) && (entry.endsWith('.use') || entry.endsWith('.last')));
  }

  #path(name: string): string {
    return join(this.#records, `${name}.json`);
  }
}

async function timesOf(path: string): Promise<{ readonly mtimeMs: number }> {
  return stat(path).catch(() => ({ mtimeMs: 0 }));
}

/** Gives the file this time, and makes it where it is missing. */
async function touch(path: string, time: number): Promise<void> {
  const seconds = time / 1000;
  await utimes(path, seconds, seconds).catch(async (fault: unknown) => {
    if (errorCode(fault) !== 'ENOENT') throw fault;
    await writeFile(path, '', { mode: 0o600 });
    await utimes(path, seconds, seconds);
  });
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

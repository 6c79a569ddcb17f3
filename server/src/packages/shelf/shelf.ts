/**
 * The shelf: the environments that were installed on this machine, as folders of which sandboxes can only read. An
 * environment is made in a staging folder beside the shelf, and is renamed onto it when it is complete; from then on it
 * never changes. Several daemons of the same user share it.
 */
import { lstatSync } from 'node:fs';
import { chmod, lstat, mkdir, realpath, rename } from 'node:fs/promises';
import { platform } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import { makeFolders } from '../../base/folders.ts';
import type { Log } from '../../base/log.ts';
import { Undo, undoing } from '../../base/undo.ts';
import { readFile } from '../../runtime/machine/contents.ts';
import { errorCode } from '../../runtime/machine/faults.ts';
import { holdLock } from '../../runtime/machine/lock.ts';
import { removeIfThere } from '../../runtime/machine/remove.ts';
import { findStrays } from '../../runtime/machine/strays.ts';
import { lend, type Walker, walkerFor } from '../../runtime/machine/walk.ts';
import { type EnvironmentRecord, Records } from './records.ts';
import { bury, placesIn } from './places.ts';
import { makeStaging, SCRATCH, type Staging } from './staging.ts';
import { survey, type Survey } from './tree.ts';

export interface ShelfOptions {
  /** The folder of the user's cache that is CodeBeaker's own. */
  readonly cache: string;
  /** What distinguishes this daemon's folders from those of others: the name of its keeper. */
  readonly owner: string;
  /** The user of the daemon. -1: the system has no such ids. */
  readonly uid: number;
  readonly clock: Clock;
  readonly log: Log;
  /** Has somebody empty the folder in which environments are made, if the daemon dies. Absent: the next daemon does. */
  readonly hold?: (folder: string) => void;
}

/** Passed through by the owner as well as by others, and listed by nobody but root. */
const PASS_ONLY = 0o311;
/** A record whose environment is not there is that of a daemon which died in between, or of one that is just renaming. */
const HALF_MS = 600_000;
export const MAX_FILES = 200_000;

/** What `keep` is told of an environment; the rest it finds out. */
export type Made = Omit<EnvironmentRecord, 'name' | 'madeAt' | keyof Survey>;

interface Opened {
  readonly records: Records;
  readonly shelf: string;
  /** The folder of this daemon, in which environments are made and removed. */
  readonly own: string;
}

export class Shelf {
  readonly #options: ShelfOptions;
  readonly #walker: Walker = walkerFor(platform());
  readonly #undo = new Undo();
  /** How often each environment is in use by this daemon, and until when; `end` is the same by the monotonic clock, which nobody sets. */
  readonly #used = new Map<string, { count: number; until: number; end: number }>();
  #opening: Promise<Opened> | undefined;
  /** Resolves when nothing is left of daemons that were dead at the beginning. */
  #buried: Promise<void> = Promise.resolve();

  constructor(options: ShelfOptions) {
    this.#options = options;
  }

  /** The folder that sandboxes see, which is made where it is missing. */
  async path(): Promise<string> {
    return (await this.#open()).shelf;
  }

  /** The environment for a key, which is in use from now on until `release`, or until the time `until`. undefined: there is none, or it is older than `maxAgeMs` and was not locked. */
  async find(key: string, { until, maxAgeMs }: { readonly until: number; readonly maxAgeMs: number }): Promise<EnvironmentRecord | undefined> {
    const { records } = await this.#open();
    const record = await records.find(key);
    if (!record || (!record.locked && this.#options.clock.now() - record.madeAt > maxAgeMs)) return undefined;
    await this.#hold(record.name, until);
    if (await isFolder(join((await this.#open()).shelf, record.name))) return record;
    await this.release(record);
    return undefined;
  }

  /** Keeps what is known of the weaknesses of an environment that is in use, in place of what was known before. */
  async note(record: EnvironmentRecord, audit: EnvironmentRecord['audit']): Promise<void> {
    await (await this.#open()).records.add({ ...record, audit });
  }

  /** A file of an environment. undefined: there is none, or it is too large. */
  async read({ name }: EnvironmentRecord, path: string): Promise<Buffer | undefined> {
    const { shelf } = await this.#open();
    return lend(this.#walker.open(join(shelf, name)), async (folder) => (await readFile(folder, path, path, 0, undefined)).bytes).catch(() => undefined);
  }

  /** One of those who use it no longer does. */
  async release({ name }: Pick<EnvironmentRecord, 'name'>): Promise<void> {
    const used = this.#used.get(name);
    if (!used || --used.count > 0) return;
    this.#used.delete(name);
    await (await this.#open()).records.release(name, this.#options.owner);
  }

  async stage(): Promise<Staging> {
    return makeStaging((await this.#open()).own, this.#walker, this.#options.uid);
  }

  /**
   * Puts a complete environment, in which no program writes any more, onto the shelf. It is in use, as after `find`.
   * @throws TooMuch; the reason of `signal`; the system's fault. Then it is still in staging, and nothing else is left.
   */
  async keep({ name, path }: Staging, made: Made, until: number, signal: AbortSignal): Promise<EnvironmentRecord> {
    const { records, shelf } = await this.#open();
    await removeIfThere(this.#walker, join(path, SCRATCH));
    const found = await survey(path, { walker: this.#walker, signal, maxFiles: MAX_FILES, mend: true });
    const record: EnvironmentRecord = { ...made, ...found, name, madeAt: this.#options.clock.now() };
    return undoing(async (undo) => {
      undo.add(() => records.remove(name));
      await records.add(record);
      await this.#hold(name, until);
      undo.add(() => this.release(record));
      await rename(path, join(shelf, name));
      undo.add(() => rename(join(shelf, name), path));
      await records.point(record);
      return record;
    });
  }

  /** All environments, the one that was used last first. */
  async list(): Promise<readonly (EnvironmentRecord & { readonly lastUsedAt: number; readonly until: number })[]> {
    const { records, shelf } = await this.#open();
    await this.#buried;
    const found = await Promise.all((await records.names()).map(async (name) => {
      const record = await records.get(name);
      if (record && (await isFolder(join(shelf, name)))) return [{ ...record, ...(await records.useOf(name, this.#options.clock.now())) }];
      if (!record || this.#options.clock.now() - record.madeAt > HALF_MS) await records.remove(name);
      return [];
    }));
    return found.flat().sort((a, b) => b.lastUsedAt - a.lastUsedAt);
  }

  /** Removes an environment. Resolves with false where it is in use, or was gone already. */
  async remove(record: EnvironmentRecord): Promise<boolean> {
    const { records, shelf, own } = await this.#open();
    const { name } = record;
    if (await this.#isUsed(name)) return false;
    await records.unpoint(record);
    const [place, aside] = [join(shelf, name), join(own, name)];
    if (!(await moved(place, aside))) return false;
    // Somebody may have begun to use it meanwhile: whoever does so looks afterwards whether it is still there.
    if (await this.#isUsed(name)) {
      await rename(aside, place);
      await records.point(record);
      return false;
    }
    await records.remove(name);
    await removeIfThere(this.#walker, aside);
    return true;
  }

  /**
   * Removes what nobody finds any more, because something newer is there for the same key, and then the least recently used,
   * until no more than `maxBytes` are left. What is in use stays. Resolves with what was removed.
   */
  async prune(maxBytes: number): Promise<readonly EnvironmentRecord[]> {
    const { records } = await this.#open();
    const all = await this.list();
    let bytes = all.reduce((sum, record) => sum + record.bytes, 0);
    const removed: EnvironmentRecord[] = [];
    const isFound = await Promise.all(all.map(async ({ key, name }) => (await records.find(key))?.name === name));
    const of = (found: boolean) => all.filter((_, at) => isFound[at] === found).reverse();
    const replaced = of(false);
    for (const [at, record] of [...replaced, ...of(true)].entries()) {
      if (at >= replaced.length && bytes <= maxBytes) break;
      if (!(await this.remove(record))) continue;
      bytes -= record.bytes;
      removed.push(record);
    }
    return removed;
  }

  /** Whether the contents of an environment are still what was installed. */
  async isIntact({ name, digest }: EnvironmentRecord, signal: AbortSignal): Promise<boolean> {
    const { shelf } = await this.#open();
    const found = await survey(join(shelf, name), { walker: this.#walker, signal, maxFiles: MAX_FILES, mend: false }).catch(() => undefined);
    return found?.digest === digest;
  }

  /** Removes what this daemon was making. It uses nothing any more. */
  async close(): Promise<void> {
    const opened = await this.#opening?.catch(() => undefined);
    for (const name of this.#used.keys()) await opened?.records.release(name, this.#options.owner).catch(() => undefined);
    this.#used.clear();
    await this.#undo.all();
  }

  /** Notes that it is in use, before it is looked for: whoever removes it looks at this note after it was moved away. @throws the system's fault; then it is not in use */
  async #hold(name: string, until: number): Promise<void> {
    const { clock, owner } = this.#options;
    const { count, ...before } = this.#used.get(name) ?? { count: 0, until: 0, end: 0 };
    const now = clock.now();
    const used = { count: count + 1, until: Math.max(before.until, until), end: Math.max(before.end, clock.monotonic() + until - now) };
    this.#used.set(name, used);
    try {
      await (await this.#open()).records.use(name, owner, now, used.until);
    } catch (fault) {
      await this.release({ name });
      throw fault;
    }
  }

  async #isUsed(name: string): Promise<boolean> {
    const { records } = await this.#open();
    const { clock } = this.#options;
    const now = clock.now();
    return (this.#used.get(name)?.end ?? 0) > clock.monotonic() || (await records.useOf(name, now)).until > now;
  }

  /** What somebody removes of the cache is made again. */
  async #open(): Promise<Opened> {
    const known = await this.#opening?.catch(() => undefined);
    // Every new session asks. The two questions take microseconds; a thread to wait for them would take longer to wake up.
    if (known && [known.shelf, known.own].every((path) => lstatSync(path, { throwIfNoEntry: false })?.isDirectory())) return known;
    const opening = (this.#opening = this.#make());
    opening.catch(() => undefined);
    return opening;
  }

  async #make(): Promise<Opened> {
    const { cache, owner } = this.#options;
    const { shelf, records, keys, making } = placesIn(cache);
    for (const folder of [records, keys, making]) makeFolders(folder, 0o700);
    makeFolders(shelf, 0o700);
    await chmod(shelf, PASS_ONLY);
    const own = join(await realpath(making), owner);
    await mkdir(own, { mode: 0o700 }).catch((fault: unknown) => {
      if (errorCode(fault) !== 'EEXIST') throw fault;
    });
    this.#options.hold?.(own);
    const unlock = await holdLock(own).catch((fault: unknown) => {
      this.#options.log.debug('the folder in which packages are installed has no lock', fault);
      return () => undefined;
    });
    this.#undo.add(() => removeIfThere(this.#walker, own));
    this.#undo.add(unlock);
    const opened = { records: new Records({ records, keys }), shelf: await realpath(shelf), own };
    this.#buried = this.#bury(making, opened.records);
    return opened;
  }

  /** Removes what dead daemons were making, and ends what they used. Never rejects. */
  async #bury(making: string, records: Records): Promise<void> {
    for (const name of await findStrays(making, this.#options.owner)) {
      const folder = join(making, name);
      try {
        await bury(folder, name, records, this.#walker);
      } catch (fault) {
        this.#options.log.warn('what a daemon that has died was installing could not be removed', fault);
      }
    }
  }
}

async function isFolder(path: string): Promise<boolean> {
  return lstat(path).then((stats) => stats.isDirectory(), () => false);
}

async function moved(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to);
    return true;
  } catch (fault) {
    if (errorCode(fault) === 'ENOENT') return false;
    throw fault;
  }
}

/** The history as the rest of the daemon sees it: what ended is added, and is written when the answers have been sent. */
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { HistoryPolicy } from '../policy/history.ts';
import type { HistoryEntry, HistoryListParams, HistoryListResult } from '../protocol/index.ts';
import { Saver } from '../state/saver.ts';
import { HistoryFiles } from './files.ts';
import { isWanted, newestFirst } from './filter.ts';

export interface HistoryParts {
  readonly folder: string;
  readonly policy: HistoryPolicy;
  readonly clock: Clock;
  readonly log: Log;
}

/** So many entries wait in memory while they can't be written. After that the oldest are lost, which is told. */
export const MAX_WAITING = 1_000;
/** So many programs are kept in memory at most, until their digests are made. */
const MAX_UNMADE = 64;
const DEFAULT_LIMIT = 100;

export class History {
  readonly policy: HistoryPolicy;
  readonly #parts: HistoryParts;
  readonly #files: HistoryFiles;
  readonly #saver: Saver;
  readonly #heard = new Set<() => void>();
  /** What makes the entries that have come since they were last made. */
  #unmade: (() => HistoryEntry)[] = [];
  /** Entries that are not written yet. */
  #waiting: HistoryEntry[] = [];
  #lost = 0;
  #fails = false;

  constructor(parts: HistoryParts) {
    this.policy = parts.policy;
    this.#parts = parts;
    this.#files = new HistoryFiles(parts.folder, parts.policy);
    this.#saver = new Saver(parts.clock, () => this.#write());
  }

  /** `make` is called soon, and after whoever adds the entry has got on. Never throws. */
  add(make: () => HistoryEntry): void {
    this.#unmade.push(make);
    if (this.#unmade.length >= MAX_UNMADE) this.#make();
    this.#saver.due();
    this.#tell();
  }

  /** The latest first. @throws the system's error */
  async list({ before, limit = DEFAULT_LIMIT, ...wanted }: HistoryListParams): Promise<HistoryListResult> {
    const fits = isWanted(wanted);
    const entries: HistoryEntry[] = [];
    let unreadable = 0;
    let reached = before === undefined;
    const each = (entry: HistoryEntry): boolean => {
      if (reached && fits(entry)) entries.push(entry);
      reached ||= entry.entryId === before;
      return entries.length < limit;
    };
    await this.#each(each, () => unreadable++);
    return { entries, ...(unreadable > 0 ? { unreadable } : {}) };
  }

  /** The entry with this id, or the only one whose id begins like this. @throws the system's error */
  async find(id: string): Promise<HistoryEntry | undefined> {
    const found: HistoryEntry[] = [];
    await this.#each((entry) => {
      if (entry.entryId.startsWith(id)) found.push(entry);
      return entry.entryId !== id;
    });
    return found.find(({ entryId }) => entryId === id) ?? (found.length === 1 ? found[0] : undefined);
  }

  /** Removes what ended before a time (undefined: everything), and returns how many entries that were. @throws the system's error */
  async clear(before: number | undefined): Promise<number> {
    await this.save();
    const count = this.#waiting.length;
    this.#waiting = this.#waiting.filter(({ at }) => before !== undefined && Date.parse(at) >= before);
    const removed = count - this.#waiting.length + (await this.#files.clear(before, this.#parts.clock.now()));
    this.#tell();
    return removed;
  }

  /** `tell` is called when an entry is added, and when entries are removed. Calling the returned function ends that. */
  watch(tell: () => void): () => void {
    this.#heard.add(tell);
    return () => void this.#heard.delete(tell);
  }

  /** Writes what is not written yet. Never rejects. */
  save(): Promise<void> {
    return this.#saver.save();
  }

  /** Calls `use` with each entry, the latest first, until it returns false. `unreadable` is called for each line that can't be read. */
  async #each(use: (entry: HistoryEntry) => boolean, unreadable?: () => void): Promise<void> {
    await this.save();
    const seen = new Set<string>();
    const goesOn = (entries: readonly HistoryEntry[]) => newestFirst(entries).every((entry) => {
      if (seen.has(entry.entryId)) return true;
      return seen.add(entry.entryId).size <= this.policy.maxEntries && use(entry);
    });
    if (!goesOn(this.#waiting)) return;
    for await (const found of this.#files.read()) {
      for (const { entry } of found) if (!entry) unreadable?.();
      if (!goesOn(found.flatMap(({ entry }) => entry ?? []))) return;
    }
  }

  #make(): void {
    this.#waiting.push(...this.#unmade.map((make) => make()));
    this.#unmade = [];
    const tooMany = Math.max(0, this.#waiting.length - MAX_WAITING);
    this.#waiting.splice(0, tooMany);
    this.#lost += tooMany;
  }

  async #write(): Promise<void> {
    this.#make();
    if (this.#waiting.length === 0) return;
    const { clock, log } = this.#parts;
    const entries = this.#waiting;
    this.#waiting = [];
    try {
      await this.#files.append(entries, clock.now());
      if (this.#fails) log.warn(`the history is written again${this.#lost > 0 ? `; ${this.#lost} of its entries were lost meanwhile` : ''}`);
      this.#fails = false;
      this.#lost = 0;
    } catch (fault) {
      this.#waiting = [...entries, ...this.#waiting];
      if (!this.#fails) log.warn(`what ran can't be written into the history (${(fault as { code?: string }).code ?? 'unknown error'}), so only the last ${MAX_WAITING} entries are kept, in memory: check that stateDir in the configuration is a folder that can be written, on a disk that is not full`);
      this.#fails = true;
    }
  }

  #tell(): void {
    for (const tell of this.#heard) tell();
  }
}

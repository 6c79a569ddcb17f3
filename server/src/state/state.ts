/** What is remembered, in memory and in its file. Written seldom and in the background; whoever remembers something never waits. */
import { join } from 'node:path';
import { safeParse } from 'zod/mini';
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { Sequence } from '../base/promises.ts';
import { Contents, MAX_ENTRIES, type Section } from './contents.ts';
import { readState } from './file.ts';
import type { HostIdentity } from './identity.ts';

export interface StateOptions {
  readonly folder: string;
  readonly host: HostIdentity;
  readonly clock: Clock;
  readonly log: Log;
}

type Entry<S extends Section> = Contents[S][string];
type Entries = { readonly [S in Section]: Map<string, Entry<S>> };

/** So long after something new it is written. */
const SAVE_AFTER_MS = 10_000;
const FILE = 'runtimes.json';

/** Invariant: what comes from a file was made on this host, and is as the schema has it. */
export class State {
  readonly #options: StateOptions;
  readonly #path: string;
  readonly #entries: Entries;
  /** What this daemon has remembered: in the file, it replaces what others have. */
  readonly #own: Readonly<Record<Section, Set<string>>> = { measurements: new Set(), found: new Set(), verdicts: new Set() };
  readonly #saving = new Sequence();
  #cancel: (() => void) | undefined;
  #warned = false;

  static open(options: StateOptions): State {
    return new State(options, load(join(options.folder, FILE), options.host));
  }

  private constructor(options: StateOptions, contents: Contents | undefined) {
    this.#options = options;
    this.#path = join(options.folder, FILE);
    this.#entries = {
      measurements: new Map(Object.entries(contents?.measurements ?? {})),
      found: new Map(Object.entries(contents?.found ?? {})),
      verdicts: new Map(Object.entries(contents?.verdicts ?? {})),
    };
  }

  section<S extends Section>(section: S): ReadonlyMap<string, Entry<S>> {
    return this.#entries[section];
  }

  /** The latest entries are kept. */
  remember<S extends Section>(section: S, key: string, entry: Entry<S>): void {
    put(this.#entries[section], section, key, entry);
    this.#own[section].add(key);
    this.#cancel ??= this.#options.clock.after(SAVE_AFTER_MS, () => void this.#save());
  }

  /** Writes what is not written yet. Never rejects. */
  async close(): Promise<void> {
    if (this.#cancel) await this.#save();
    await this.#saving.run(() => undefined);
  }

  #save(): Promise<void> {
    this.#cancel?.();
    this.#cancel = undefined;
    return this.#saving.run(async () => {
      const { host, clock, log } = this.#options;
      try {
        const theirs = load(this.#path, host);
        const { writeState } = await import('./write.ts');
        await writeState(this.#path, { format: 1, host, ...this.#mergedWith(theirs) } satisfies Contents, clock.now());
      } catch (fault) {
        if (!this.#warned) log.warn(`what was measured can't be kept for the next time (${(fault as { code?: string }).code ?? 'unknown error'}): check stateDir`);
        this.#warned = true;
      }
    });
  }

  /** Others may have remembered something meanwhile. */
  #mergedWith(theirs: Contents | undefined): Pick<Contents, Section> {
    const merge = <S extends Section>(section: S): Record<string, Entry<S>> => {
      const merged = new Map(Object.entries(theirs?.[section] ?? {}) as [string, Entry<S>][]);
      for (const key of this.#own[section]) {
        const entry = this.#entries[section].get(key);
        if (entry) put(merged, section, key, entry);
      }
      return Object.fromEntries(merged);
    };
    return { measurements: merge('measurements'), found: merge('found'), verdicts: merge('verdicts') };
  }
}

function put<T>(entries: Map<string, T>, section: Section, key: string, entry: T): void {
  entries.delete(key);
  entries.set(key, entry);
  for (const oldest of entries.keys()) {
    if (entries.size <= MAX_ENTRIES[section]) break;
    entries.delete(oldest);
  }
}

/** undefined: there is none, or it is damaged, or of another host. */
function load(path: string, host: HostIdentity): Contents | undefined {
  const { success, data } = safeParse(Contents, readState(path));
  const same = success && (['machine', 'kernel', 'cpu', 'cores'] as const).every((key) => data.host[key] === host[key]);
  return same ? data : undefined;
}

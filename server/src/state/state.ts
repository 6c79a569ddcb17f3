/**
 * What a daemon remembers from run to run, in memory and in a file. The file is written rarely and in the background,
 * so setting an entry never waits.
 */
import { join } from 'node:path';
import * as z from 'zod/mini';
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { Sequence } from '../base/promises.ts';
import { readState } from './file.ts';
import { isSameMachine, MachineIdentity } from './identity.ts';
import type { Entries, Section } from './section.ts';

export interface StateOptions {
  readonly folder: string;
  readonly machine: MachineIdentity;
  /** The user whose file it is. -1 if the operating system has no user ids. */
  readonly uid: number;
  /** All sections of the file. */
  readonly sections: readonly Section<unknown>[];
  readonly clock: Clock;
  readonly log: Log;
}

/** The entries by the name of the section, then by their key. */
type Contents = ReadonlyMap<string, Map<string, unknown>>;

/** The file is written this long after the first entry that is new. */
const SAVE_AFTER_MS = 10_000;
const FILE = 'runtimes.json';
const FORMAT = 1;

/** The sections are further keys beside these. Everything in them can be found out again, so a damaged file is no loss. */
const Envelope = z.looseObject({ format: z.literal(FORMAT), host: MachineIdentity });

/** Invariant: entries that were read from a file were written on this machine and have the shape that their section declares. */
export class State {
  readonly #options: StateOptions;
  readonly #path: string;
  readonly #contents: Contents;
  /** The keys that this daemon has set. Only their entries replace those that other daemons have written to the file. */
  readonly #own: ReadonlyMap<string, Set<string>>;
  readonly #saving = new Sequence();
  #cancel: (() => void) | undefined;
  #warned = false;

  constructor(options: StateOptions) {
    this.#options = options;
    this.#path = join(options.folder, FILE);
    this.#contents = load(this.#path, options);
    this.#own = new Map(options.sections.map(({ name }) => [name, new Set()]));
  }

  /** The entries of a section, which must be one of those in the options. */
  entries<E>(section: Section<E>): Entries<E> {
    const entries = this.#contents.get(section.name) as Map<string, E> | undefined;
    if (!entries) throw new Error(`invariant: the state has a section ${section.name}`);
    return {
      get: (key) => entries.get(key),
      set: (key, entry) => {
        put(entries, section, key, entry);
        this.#own.get(section.name)?.add(key);
        this.#cancel ??= this.#options.clock.after(SAVE_AFTER_MS, () => void this.#save());
      },
      [Symbol.iterator]: () => entries[Symbol.iterator](),
    };
  }

  /** Writes what has not been written yet. Never rejects. */
  async close(): Promise<void> {
    if (this.#cancel) await this.#save();
    await this.#saving.run(() => undefined);
  }

  #save(): Promise<void> {
    this.#cancel?.();
    this.#cancel = undefined;
    return this.#saving.run(async () => {
      const { machine, clock, log } = this.#options;
      try {
        const merged = this.#mergedWith(load(this.#path, this.#options));
        const { writeState } = await import('./write.ts');
        await writeState(this.#path, { format: FORMAT, host: machine, ...merged }, clock.now());
      } catch (fault) {
        if (!this.#warned) log.warn(`measurements cannot be saved (${(fault as { code?: string }).code ?? 'unknown error'}): check that stateDir in the configuration is a folder that can be written`);
        this.#warned = true;
      }
    });
  }

  /** Other daemons may have written entries in the meantime; those are kept. */
  #mergedWith(theirs: Contents): Record<string, unknown> {
    return Object.fromEntries(this.#options.sections.map((section) => {
      const { name } = section;
      const merged = theirs.get(name) ?? new Map<string, unknown>();
      const entries = this.#contents.get(name);
      for (const key of this.#own.get(name) ?? []) if (entries?.has(key)) put(merged, section, key, entries.get(key));
      return [name, Object.fromEntries(merged)];
    }));
  }
}

/** Sets an entry, and drops the oldest ones if there are too many. */
function put<E>(entries: Map<string, E>, { maxEntries }: Section<E>, key: string, entry: E): void {
  entries.delete(key);
  entries.set(key, entry);
  for (const oldest of entries.keys()) {
    if (entries.size <= maxEntries) break;
    entries.delete(oldest);
  }
}

/** Reads all sections. All of them are empty if there is no file, or if it is damaged or from another machine. */
function load(path: string, { machine, uid, sections }: StateOptions): Contents {
  const { success, data } = z.safeParse(Envelope, readState(path, uid));
  const found = success && isSameMachine(data.host, machine) ? sections.map((section) => [section.name, read(section, data[section.name])] as const) : [];
  const whole = found.length > 0 && found.every(([, entries]) => entries !== undefined);
  return new Map(sections.map(({ name }, at) => [name, (whole && found[at]?.[1]) || new Map<string, unknown>()]));
}

/** Returns undefined if the value does not have the shape that the section declares. */
function read({ entry }: Section<unknown>, value: unknown): Map<string, unknown> | undefined {
  const { success, data } = z.safeParse(z.record(z.string(), entry), value);
  return success ? new Map(Object.entries(data)) : undefined;
}

/** What is remembered, in memory and in its file. Written seldom and in the background; whoever remembers something never waits. */
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
  /** All that the file holds. */
  readonly sections: readonly Section<unknown>[];
  readonly clock: Clock;
  readonly log: Log;
}

/** By section, then by key. */
type Contents = ReadonlyMap<string, Map<string, unknown>>;

/** So long after something new it is written. */
const SAVE_AFTER_MS = 10_000;
const FILE = 'runtimes.json';
const FORMAT = 1;

/** The sections stand beside these. All of it can be found out again: a file that is wrong is no loss. */
const Envelope = z.looseObject({ format: z.literal(FORMAT), host: MachineIdentity });

/** Invariant: what comes from a file was made on this machine, and is as its section has it. */
export class State {
  readonly #options: StateOptions;
  readonly #path: string;
  readonly #contents: Contents;
  /** The keys that this daemon has set: in the file, they replace what others have. */
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

  /** Of a section that was given in the options. */
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

  /** Writes what is not written yet. Never rejects. */
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
        if (!this.#warned) log.warn(`what was measured can't be kept for the next time (${(fault as { code?: string }).code ?? 'unknown error'}): check stateDir`);
        this.#warned = true;
      }
    });
  }

  /** Others may have remembered something meanwhile. */
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

/** The latest entries are kept. */
function put<E>(entries: Map<string, E>, { maxEntries }: Section<E>, key: string, entry: E): void {
  entries.delete(key);
  entries.set(key, entry);
  for (const oldest of entries.keys()) {
    if (entries.size <= maxEntries) break;
    entries.delete(oldest);
  }
}

/** Every section; all of them empty where there is no file, or it is damaged, or of another machine. */
function load(path: string, { machine, sections }: StateOptions): Contents {
  const { success, data } = z.safeParse(Envelope, readState(path));
  const found = success && isSameMachine(data.host, machine) ? sections.map((section) => [section.name, read(section, data[section.name])] as const) : [];
  const whole = found.length > 0 && found.every(([, entries]) => entries !== undefined);
  return new Map(sections.map(({ name }, at) => [name, (whole && found[at]?.[1]) || new Map<string, unknown>()]));
}

/** undefined: it is not as it should be. */
function read({ entry }: Section<unknown>, value: unknown): Map<string, unknown> | undefined {
  const { success, data } = z.safeParse(z.record(z.string(), entry), value);
  return success ? new Map(Object.entries(data)) : undefined;
}

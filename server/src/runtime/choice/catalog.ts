/**
 * What is known of every runtime. Questions are answered from here, at once. Runtimes are looked at (`refresh`) in the
 * background; if that finds something new, an event tells it.
 */
import { setMaxListeners } from 'node:events';
import type { Clock } from '../../base/clock.ts';
import { deferred } from '../../base/promises.ts';
import type { EventStream } from '../../events/events.ts';
import * as z from 'zod/mini';
import { RuntimeInfo } from '../../protocol/index.ts';
import type { Section } from '../../state/section.ts';
import { Measurements, type Quantity } from './measurements.ts';
import type { Runtime } from '../ports.ts';
import type { FormerChoices } from './choices.ts';
import type { Choosable } from './select.ts';

/** What was found in former searches for runtimes. An entry is named by what the search depended on, and holds the runtimes by their ids. */
export const foundSection: Section<Readonly<Record<string, RuntimeInfo>>> = { name: 'found', entry: z.record(z.string(), RuntimeInfo), maxEntries: 8 };

/** What the catalog knows from former daemons, and passes on to later ones. */
export interface CatalogMemory {
  readonly measurements: Measurements;
  readonly choices: FormerChoices;
  /** The runtimes as they were found last time, by their ids. This is for showing to people only, never for deciding. */
  readonly found: Readonly<Record<string, RuntimeInfo>>;
  /** Called with what has been found now, by the ids of runtimes. */
  keep(found: Readonly<Record<string, RuntimeInfo>>): void;
}

export interface CatalogOptions {
  readonly runtimes: readonly Runtime[];
  readonly clock: Clock;
  /** Gets the event `runtimesChanged` whenever the availability, version, languages, isolation or weaknesses of a runtime have changed. */
  readonly events: EventStream;
  /** Absent: nothing is known from before, and nothing is kept. */
  readonly memory?: CatalogMemory;
}

export class Catalog {
  readonly #entries: readonly CatalogEntry[];
  readonly #options: CatalogOptions;
  readonly #measurements: Measurements;
  /** What has been chosen among the runtimes. */
  readonly choices: FormerChoices;
  readonly #closing = new AbortController();
  readonly #everLooked = deferred();
  #looked: Promise<void> | undefined;
  #lookedAtUnknown: Promise<void> | undefined;
  #watching = false;

  constructor(options: CatalogOptions) {
    this.#options = options;
    const { runtimes, memory } = options;
    this.#measurements = memory?.measurements ?? new Measurements();
    this.choices = memory?.choices ?? new Map<string, string>();
    // Several calls of each runtime listen to this signal.
    setMaxListeners(0, this.#closing.signal);
    this.#entries = runtimes.map((runtime) => new CatalogEntry(runtime, this.#measurements, memory?.found[runtime.id]));
  }

  /** What is known of every runtime, with what was measured. */
  infos(): RuntimeInfo[] {
    return this.#entries.map((entry) => entry.info());
  }

  /** The runtimes as `choose` of select.ts takes them. */
  get choosable(): readonly (Choosable & { readonly runtime: Runtime })[] {
    return this.#entries;
  }

  /** Looks at every runtime of which nothing is remembered. Resolves when something is known of every runtime. */
  lookAtUnknown(): Promise<void> {
    this.#lookedAtUnknown ??= Promise.all(this.#entries.filter((entry) => !entry.remembered).map((entry) => this.#look(entry))).then(() => undefined);
    return this.#lookedAtUnknown;
  }

  /** Looks at every runtime that this daemon has not looked at yet. Resolves when every runtime has been looked at. */
  lookAtAll(): Promise<void> {
    this.#looked ??= Promise.all(this.#entries.map((entry) => entry.firstLook ?? this.#look(entry))).then(() => this.#everLooked.resolve());
    return this.#looked;
  }

  /** Resolves when `lookAtAll`, which somebody else has to call, is done. */
  whenLookedAtAll(): Promise<void> {
    return this.#everLooked.promise;
  }

  /** Looks at a runtime again, because something contradicts what is known of it. */
  suspect(id: string): void {
    for (const entry of this.#entries) if (entry.id === id) void this.#look(entry);
  }

  /** Once every runtime has been looked at, each is looked at again whenever its `watch` says so. */
  watch(): void {
    if (this.#watching) return;
    this.#watching = true;
    void this.whenLookedAtAll().then(() => {
      const { signal } = this.#closing;
      for (const entry of this.#entries) {
        if (!signal.aborted) entry.runtime.watch(signal, () => void this.#look(entry));
      }
    });
  }

  /** Adds a measured value to those of the runtime `id`. */
  record(id: string, quantity: Quantity, value: number): void {
    const entry = this.#entries.find((each) => each.id === id);
    if (entry) this.#measurements.record(id, entry.runtime.info().version ?? '', quantity, value, this.#options.clock.now());
  }

  /** Ends watching and telling. The runtimes themselves are closed by their owner. */
  close(): void {
    this.#closing.abort(new Error('the daemon is shutting down'));
    for (const entry of this.#entries) entry.cancelLook?.();
  }

  async #look(entry: CatalogEntry): Promise<void> {
    await entry.look(this.#closing.signal);
    this.#lookAgain(entry);
    if (this.#closing.signal.aborted || !entry.renewed()) return;
    const infos = this.infos();
    const known = this.#entries.filter(({ looked, remembered }) => looked || remembered);
    this.#options.memory?.keep(Object.fromEntries(known.map((each) => [each.id, each.base()])));
    this.#options.events.emit({ kind: 'runtimesChanged', runtimes: infos });
  }

  /** Nothing may tell that a runtime works again, such as an engine that hung, or a folder that was full. */
  #lookAgain(entry: CatalogEntry): void {
    entry.cancelLook?.();
    entry.cancelLook = undefined;
    if (!entry.lapsed) entry.nextLookMs = FIRST_LOOK_MS;
    else if (this.#watching && !this.#closing.signal.aborted) {
      entry.cancelLook = this.#options.clock.after(entry.nextLookMs, () => void this.#look(entry));
      entry.nextLookMs = Math.min(entry.nextLookMs * 2, LAST_LOOK_MS);
    }
  }
}

/** While a runtime that was available is not, it is looked at after FIRST_LOOK_MS, then each time after twice as long, up to LAST_LOOK_MS. */
const FIRST_LOOK_MS = 5_000;
const LAST_LOOK_MS = 60_000;

/** One runtime and what is known of it. */
class CatalogEntry implements Choosable {
  readonly id: string;
  readonly runtime: Runtime;
  /** From a former daemon. */
  readonly remembered: RuntimeInfo | undefined;
  /** Resolves when the first look is over. undefined: none has begun. */
  firstLook: Promise<void> | undefined;
  looked = false;
  readonly #measurements: Measurements;
  /** When it is looked at the next time, while it is not available. */
  nextLookMs = FIRST_LOOK_MS;
  /** Cancels that look. */
  cancelLook: (() => void) | undefined;
  #wasAvailable = false;
  #looking: Promise<void> | undefined;
  #again = false;
  #essence: string;

  constructor(runtime: Runtime, measurements: Measurements, remembered: RuntimeInfo | undefined) {
    this.id = runtime.id;
    this.runtime = runtime;
    this.remembered = remembered;
    this.#measurements = measurements;
    this.#essence = essenceOf(this.base());
  }

  get can(): Runtime['can'] {
    return this.runtime.can;
  }

  info(): RuntimeInfo {
    return this.#measurements.apply(this.base());
  }

  prepared(...asked: Parameters<Runtime['prepared']>): boolean {
    return this.runtime.prepared(...asked);
  }

  /** Whether something has changed since the last call, among what `runtimesChanged` tells of. */
  renewed(): boolean {
    const before = this.#essence;
    this.#essence = essenceOf(this.base());
    return this.#essence !== before;
  }

  /** Whether it was available once, and is so no longer. */
  get lapsed(): boolean {
    return this.#wasAvailable && !this.runtime.info().available;
  }

  /** There is one look at a time. If another is asked for meanwhile, it follows at once: the present one may have missed what it is asked for. */
  look(signal: AbortSignal): Promise<void> {
    if (this.#looking) {
      this.#again = true;
      return this.#looking;
    }
    this.#looking = this.#look(signal).finally(() => (this.#looking = undefined));
    this.firstLook ??= this.#looking;
    return this.#looking;
  }

  async #look(signal: AbortSignal): Promise<void> {
    do {
      this.#again = false;
      await this.runtime.refresh(signal);
      this.looked = true;
      this.#wasAvailable ||= this.runtime.info().available;
    } while (this.#again && !signal.aborted);
  }

  /** What is known without the measurements. */
  base(): RuntimeInfo {
    return this.looked ? this.runtime.info() : (this.remembered ?? this.runtime.info());
  }
}

function essenceOf({ available, version, languages, isolation, weaknesses }: RuntimeInfo): string {
  return JSON.stringify([available, version, languages, isolation, weaknesses]);
}

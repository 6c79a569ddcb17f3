/**
 * The runtimes as they are known now. Whoever asks is answered from here; looking happens in the background, and what
 * it found anew is an event.
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
import type { Choosable } from './select.ts';

/** The runtimes as they were found last, by their ids; each entry by what the search depended on. */
export const foundSection: Section<Readonly<Record<string, RuntimeInfo>>> = { name: 'found', entry: z.record(z.string(), RuntimeInfo), maxEntries: 8 };

/** What outlives the daemon. */
export interface CatalogMemory {
  readonly measurements: Measurements;
  /** The runtimes as they were found last time, by their ids. It is for showing to people, and never for deciding. */
  readonly found: Readonly<Record<string, RuntimeInfo>>;
  keep(found: Readonly<Record<string, RuntimeInfo>>): void;
}

export interface CatalogOptions {
  readonly runtimes: readonly Runtime[];
  readonly clock: Clock;
  /** Hears of all runtimes when the availability, version, languages or isolation of one changed. */
  readonly events: EventStream;
  readonly memory?: CatalogMemory;
}

export class Catalog {
  readonly #entries: readonly Entry[];
  readonly #options: CatalogOptions;
  readonly #measurements: Measurements;
  readonly #closing = new AbortController();
  readonly #everLooked = deferred();
  #looked: Promise<void> | undefined;
  #lookedAtUnknown: Promise<void> | undefined;
  #watching = false;

  constructor(options: CatalogOptions) {
    this.#options = options;
    const { runtimes, memory } = options;
    this.#measurements = memory?.measurements ?? new Measurements();
    // Every runtime has several calls on their way that end with it.
    setMaxListeners(0, this.#closing.signal);
    this.#entries = runtimes.map((runtime) => new Entry(runtime, this.#measurements, memory?.found[runtime.id]));
  }

  /** Every runtime. */
  infos(): RuntimeInfo[] {
    return this.#entries.map((entry) => entry.info());
  }

  /** What there is to choose from. */
  get choosable(): readonly (Choosable & { readonly runtime: Runtime })[] {
    return this.#entries;
  }

  /** Looks at every runtime of which nothing is remembered. Resolves when something is known of every runtime. */
  lookAtUnknown(): Promise<void> {
    this.#lookedAtUnknown ??= Promise.all(this.#entries.filter((entry) => !entry.remembered).map((entry) => this.#look(entry))).then(() => undefined);
    return this.#lookedAtUnknown;
  }

  /** Looks at every runtime that this daemon has not looked at yet. Resolves when that is done, however long it takes. */
  lookAtAll(): Promise<void> {
    this.#looked ??= Promise.all(this.#entries.map((entry) => entry.firstLook ?? this.#look(entry))).then(() => this.#everLooked.resolve());
    return this.#looked;
  }

  /** As `lookAtAll`, but looks at nothing: others have to ask for that. */
  whenLookedAtAll(): Promise<void> {
    return this.#everLooked.promise;
  }

  /** Something spoke against what is known of this runtime. */
  suspect(id: string): void {
    for (const entry of this.#entries) if (entry.id === id) void this.#look(entry);
  }

  /** From when everything has been looked at, runtimes that come and go are noticed. */
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

  record(id: string, quantity: Quantity, value: number): void {
    const entry = this.#entries.find((each) => each.id === id);
    if (entry) this.#measurements.record(id, entry.runtime.info().version ?? '', quantity, value, this.#options.clock.now());
  }

  /** Nothing is watched and nobody is told from here on. The runtimes themselves are closed by their owner. */
  close(): void {
    this.#closing.abort(new Error('the daemon is shutting down'));
  }

  async #look(entry: Entry): Promise<void> {
    await entry.look(this.#closing.signal);
    if (this.#closing.signal.aborted || !entry.renewed()) return;
    const infos = this.infos();
    const known = this.#entries.filter(({ looked, remembered }) => looked || remembered);
    this.#options.memory?.keep(Object.fromEntries(known.map((each) => [each.id, each.base()])));
    this.#options.events.emit({ kind: 'runtimesChanged', runtimes: infos });
  }
}

class Entry implements Choosable {
  readonly id: string;
  readonly runtime: Runtime;
  readonly remembered: RuntimeInfo | undefined;
  /** Resolves with the first look, when there is one. */
  firstLook: Promise<void> | undefined;
  looked = false;
  readonly #measurements: Measurements;
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

  /** Whether it is another one than at the last call: in what others are told of when it changes. */
  renewed(): boolean {
    const before = this.#essence;
    this.#essence = essenceOf(this.base());
    return this.#essence !== before;
  }

  /** One look at a time. Who asks during one gets another one after it: what it saw may be old by then. */
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
    } while (this.#again && !signal.aborted);
  }

  /** Without what was measured of sessions. */
  base(): RuntimeInfo {
    return this.looked ? this.runtime.info() : (this.remembered ?? this.runtime.info());
  }
}

function essenceOf({ available, version, languages, isolation }: RuntimeInfo): string {
  return JSON.stringify([available, version, languages, isolation]);
}

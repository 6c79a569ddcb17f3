/** The daemon that runs are given to: started when needed, started again when it dies, replaced when the editor changes. */
import type { Clock } from '../base/clock.ts';
import { Listeners } from '../base/listeners.ts';
import { type Log, words } from '../base/log.ts';
import { Crashes } from './crashes.ts';
import type { Link } from './link.ts';

export interface ClientParts {
  /** Starts a daemon and shakes hands. */
  connect(): Promise<Link>;
  /** The daemon has died too often and is not started again by itself. */
  gaveUp(ending: string): void;
  readonly clock: Clock;
  readonly log: Log;
}

/** Nothing is started while the daemon keeps dying. */
export class GaveUp extends Error {
  constructor() {
    super('the daemon keeps ending: see its log');
  }
}

interface Held {
  readonly link: Promise<Link>;
  /** Work that still needs this link when another has taken its place. */
  users: number;
}

export class Client {
  readonly #parts: ClientParts;
  readonly #crashes = new Crashes();
  readonly #changed = new Listeners<Link | undefined>();
  #current: Held | undefined;
  #all = new Set<Held>();
  #failed = false;
  #stopped = false;

  constructor(parts: ClientParts) {
    this.#parts = parts;
  }

  /** Tells the link from now on, or undefined while there is none. */
  onChange(listener: (link: Link | undefined) => void): { dispose(): void } {
    return this.#changed.add(listener);
  }

  /** The daemon, started if there is none. @throws GaveUp, and what starting throws */
  link(): Promise<Link> {
    return this.#hold().link;
  }

  /** Keeps the daemon that `work` uses until it has ended, also when another takes its place meanwhile. */
  async use<T>(work: (link: Link) => Promise<T>): Promise<T> {
    const held = this.#hold();
    held.users += 1;
    try {
      return await work(await held.link);
    } finally {
      held.users -= 1;
      if (held !== this.#current && held.users === 0) void this.#close(held);
    }
  }

  /** The next work gets a new daemon: the folders, their trust or the settings are no longer those of the old one. */
  renew(): void {
    const old = this.#current;
    this.#current = undefined;
    this.#changed.tell(undefined);
    if (old?.users === 0) void this.#close(old);
    if (old) this.#startQuietly();
  }

  /** Asked for by a person: also after too many crashes. */
  restart(): void {
    this.#failed = false;
    this.#crashes.forget();
    for (const held of this.#all) void this.#close(held);
    this.#current = undefined;
    this.#startQuietly();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#current = undefined;
    await Promise.all([...this.#all].map((held) => this.#close(held)));
  }

  #startQuietly(): void {
    this.link().catch((fault: unknown) => this.#parts.log.error(`the daemon: ${words(fault)}`));
  }

  #hold(): Held {
    if (this.#current) return this.#current;
    if (this.#failed || this.#stopped) return { link: Promise.reject(new GaveUp()), users: 0 };
    const held: Held = { link: this.#parts.connect(), users: 0 };
    this.#current = held;
    this.#all.add(held);
    held.link.then(
      (link) => {
        if (this.#current === held) this.#changed.tell(link);
        void link.ended.then((ending) => this.#ended(held, ending));
      },
      (fault: unknown) => this.#ended(held, words(fault)),
    );
    return held;
  }

  /** What was not asked for counts as a crash. */
  #ended(held: Held, ending: string): void {
    const { log, clock, gaveUp } = this.#parts;
    if (!this.#all.delete(held)) return;
    log.error(`the daemon ${ending}`);
    if (this.#current === held) this.#current = undefined;
    this.#changed.tell(undefined);
    if (this.#crashes.add(clock.now())) {
      this.#failed = true;
      gaveUp(ending);
    } else if (!this.#current) this.#startQuietly();
  }

  async #close(held: Held): Promise<void> {
    this.#all.delete(held);
    await held.link.then((link) => link.close(), () => undefined);
  }
}

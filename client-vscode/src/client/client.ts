/** Keeps a daemon running: starts it when it is needed, again when it crashes, and a new one when the workspace or the settings change. */
import type { Clock } from '../base/clock.ts';
import { Listeners } from '../base/listeners.ts';
import { type Log, messageOf } from '../base/log.ts';
import type { Connection } from './connection.ts';
import { Crashes } from './crashes.ts';
import { isUnreachable } from './faults.ts';

export interface ClientParts {
  /** Starts a daemon and initializes it. */
  connect(): Promise<Connection>;
  /** Called when the daemon has crashed so often that it is not started again. */
  onTooManyCrashes(ending: string): void;
  /** Called when a daemon elsewhere could not be reached. It is tried again when somebody needs it. */
  onUnreachable?(fault: Error): void;
  readonly clock: Clock;
  readonly log: Log;
}

/** Thrown instead of starting a daemon that keeps crashing. */
export class TooManyCrashes extends Error {
  constructor() {
    super('the daemon crashed too often and was not started again; see its log, then restart it');
  }
}

/** One daemon, which several callers use. */
interface Daemon {
  readonly connection: Promise<Connection>;
  /** How many calls of `use` are still going on. A daemon that was replaced is closed when the last one ends. */
  users: number;
}

export class Client {
  readonly #parts: ClientParts;
  readonly #crashes = new Crashes();
  readonly #changed = new Listeners<Connection | undefined>();
  /** The daemon for new work. */
  #current: Daemon | undefined;
  /** All that have not ended. */
  readonly #daemons = new Set<Daemon>();
  #crashedTooOften = false;
  #stopped = false;

  constructor(parts: ClientParts) {
    this.#parts = parts;
  }

  /** Tells the connection for new work whenever it changes; undefined while there is none. */
  onChange(listener: (connection: Connection | undefined) => void): { dispose(): void } {
    return this.#changed.add(listener);
  }

  /** Starts a daemon if there is none. @throws TooManyCrashes, and what starting throws */
  connection(): Promise<Connection> {
    return this.#currentOrNew().connection;
  }

  /** Keeps the daemon that `work` uses until the work has ended, even if another daemon takes its place. */
  async use<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    const daemon = this.#currentOrNew();
    daemon.users += 1;
    try {
      return await work(await daemon.connection);
    } finally {
      daemon.users -= 1;
      if (daemon !== this.#current && daemon.users === 0) void this.#close(daemon);
    }
  }

  /** Starts a new daemon for new work, because the folders, their trust or the settings have changed. */
  renew(): void {
    const old = this.#current;
    this.#current = undefined;
    this.#changed.tell(undefined);
    if (old?.users === 0) void this.#close(old);
    if (old) this.#startInBackground();
  }

  /** Starts a new daemon because the person asked for it, even after too many crashes. */
  restart(): void {
    this.#crashedTooOften = false;
    this.#crashes.forget();
    for (const daemon of this.#daemons) void this.#close(daemon);
    this.#current = undefined;
    this.#startInBackground();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#current = undefined;
    await Promise.all([...this.#daemons].map((daemon) => this.#close(daemon)));
  }

  #startInBackground(): void {
    this.connection().catch((fault: unknown) => this.#parts.log.error(`The daemon could not be used: ${messageOf(fault)}`));
  }

  #currentOrNew(): Daemon {
    if (this.#current) return this.#current;
    if (this.#crashedTooOften || this.#stopped) return { connection: Promise.reject(new TooManyCrashes()), users: 0 };
    const daemon: Daemon = { connection: this.#parts.connect(), users: 0 };
    this.#current = daemon;
    this.#daemons.add(daemon);
    daemon.connection.then(
      (connection) => {
        if (this.#current === daemon) this.#changed.tell(connection);
        void connection.ended.then((ending) => this.#ended(daemon, ending));
      },
      (fault: unknown) => (isUnreachable(fault) ? this.#unreached(daemon, fault) : this.#ended(daemon, messageOf(fault))),
    );
    return daemon;
  }

  #unreached(daemon: Daemon, fault: Error): void {
    const { log, onUnreachable } = this.#parts;
    if (!this.#daemons.delete(daemon)) return;
    log.error(`The daemon could not be reached: ${fault.message}`);
    if (this.#current === daemon) this.#current = undefined;
    onUnreachable?.(fault);
  }

  /** A daemon that ends without being closed here has crashed. */
  #ended(daemon: Daemon, ending: string): void {
    const { log, clock, onTooManyCrashes } = this.#parts;
    if (!this.#daemons.delete(daemon)) return;
    log.error(`The daemon ${ending}`);
    if (this.#current === daemon) this.#current = undefined;
    this.#changed.tell(undefined);
    if (this.#crashes.add(clock.now())) {
      this.#crashedTooOften = true;
      onTooManyCrashes(ending);
    } else if (!this.#current) this.#startInBackground();
  }

  async #close(daemon: Daemon): Promise<void> {
    this.#daemons.delete(daemon);
    await daemon.connection.then((connection) => connection.close(), () => undefined);
  }
}

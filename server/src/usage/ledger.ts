/** Counts what is used: by each session that is open, and by all daemons of the user since midnight. It listens to the events. */
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { EventStream, HouseEvent, SessionIdentity } from '../events/events.ts';
import { type Amounts, nothing, sum } from './amounts.ts';
import { type Day, dayAt } from './day.ts';
import type { Journal } from './journal.ts';
import { Saver } from './saver.ts';

export interface LedgerParts {
  readonly events: EventStream;
  readonly clock: Clock;
  readonly log: Log;
  /** Where it is kept, and shared with other daemons. Absent: in memory only. */
  readonly journal?: Journal | undefined;
}

interface Account {
  readonly session: SessionIdentity;
  used: Amounts;
}

const GIB = 2 ** 30;

export class Ledger {
  readonly #parts: LedgerParts;
  readonly #accounts = new Map<string, Account>();
  readonly #saver: Saver;
  /** What was used and is not written yet, by days. */
  readonly #unsaved = new Map<string, Amounts>();
  /** What this daemon has used, by days. */
  readonly #own = new Map<string, Amounts>();
  #day: Day = { name: '', from: Infinity, until: -Infinity };
  #folded = '';
  #warned = false;

  constructor(parts: LedgerParts) {
    this.#parts = parts;
    this.#saver = new Saver(parts.clock, () => this.#write());
    parts.events.listen((event) => this.#hear(event));
  }

  /** When the next day begins, in milliseconds since the epoch. */
  get midnight(): number {
    return this.#now().until;
  }

  /** What all daemons of the user have used since midnight; what others have used in the last second may not be in it. */
  today(): Amounts {
    const { name } = this.#now();
    const own = this.#own.get(name) ?? nothing;
    const { journal } = this.#parts;
    return journal ? sum(own, journal.others(name)) : own;
  }

  /** What this daemon has used since it began. */
  own(): Amounts {
    return [...this.#own.values()].reduce(sum, nothing);
  }

  /** All days that are kept, with today as the last one. */
  async days(): Promise<Map<string, Amounts>> {
    const { journal } = this.#parts;
    await this.save();
    const days = (await journal?.days()) ?? new Map<string, Amounts>();
    return days.set(this.#now().name, this.today());
  }

  /** What a session has used. undefined: it is not open. */
  session(id: string): Amounts | undefined {
    return this.#accounts.get(id)?.used;
  }

  identity(id: string): SessionIdentity | undefined {
    return this.#accounts.get(id)?.session;
  }

  add(sessionId: string, used: Partial<Amounts>): void {
    const { name } = this.#now();
    this.#own.set(name, sum(this.#own.get(name) ?? nothing, used));
    const account = this.#accounts.get(sessionId);
    if (account) account.used = sum(account.used, used);
    if (!this.#parts.journal) return;
    this.#unsaved.set(name, sum(this.#unsaved.get(name) ?? nothing, used));
    this.#saver.due();
  }

  /** Writes what is not written yet. Never rejects. */
  save(): Promise<void> {
    return this.#saver.save();
  }

  async #write(): Promise<void> {
    const { journal, clock, log } = this.#parts;
    if (!journal || this.#unsaved.size === 0) return;
    try {
      for (const [day, used] of this.#unsaved) {
        this.#unsaved.delete(day);
        await journal.append(day, used).catch((fault: unknown) => {
          this.#unsaved.set(day, sum(this.#unsaved.get(day) ?? nothing, used));
          throw fault;
        });
      }
      const { name } = this.#now();
      if (this.#folded === name) return;
      this.#folded = name;
      await journal.fold(clock.now());
    } catch (fault) {
      if (!this.#warned) log.warn(`what is used cannot be saved (${(fault as { code?: string }).code ?? 'unknown error'}), so other daemons do not count it: check that stateDir in the configuration is a folder that can be written`);
      this.#warned = true;
    }
  }

  /** The day that it is. The clock may also be set back. */
  #now(): Day {
    const now = this.#parts.clock.now();
    if (now < this.#day.from || now >= this.#day.until) this.#day = dayAt(now);
    return this.#day;
  }

  #hear(event: HouseEvent): void {
    if (event.kind === 'sessionChanged') {
      const { session, state } = event;
      const { sessionId } = session;
      if (state === 'closed') this.#accounts.delete(sessionId);
      else if (!this.#accounts.has(sessionId)) {
        this.#accounts.set(sessionId, { session, used: nothing });
        this.add(sessionId, { sessions: 1 });
      }
    } else if (event.kind === 'commandEnded' && event.usage) {
      const { cpuMs, peakMemoryBytes } = event.usage;
      this.add(event.command.sessionId, { cpuSeconds: cpuMs / 1000, gibSeconds: (peakMemoryBytes / GIB) * (event.durationMs / 1000) });
    }
  }
}

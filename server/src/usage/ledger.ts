/** Counts what is used: by each session that is open, and by all daemons of the user since midnight. It listens to the events. */
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { EventStream, HouseEvent, SessionIdentity } from '../events/events.ts';
import { type Amounts, difference, nothing, sum, Tally } from './amounts.ts';
import { type Day, dayAt } from './day.ts';
import type { Journal } from './journal.ts';
import { Saver } from '../state/saver.ts';

export interface LedgerParts {
  readonly events: EventStream;
  readonly clock: Clock;
  readonly log: Log;
  /** Where it is kept, and shared with other daemons. Absent: in memory only. */
  readonly journal?: Journal | undefined;
}

interface Account {
  readonly session: SessionIdentity;
  readonly used: Tally;
}

interface Fresh {
  readonly at: number;
  readonly sessionId: string;
  readonly used: Partial<Amounts>;
}

const GIB = 2 ** 30;
/** When so much was used, it is added up, also if nobody asks. */
const MAX_FRESH = 1_000;

export class Ledger {
  readonly #parts: LedgerParts;
  readonly #accounts = new Map<string, Account>();
  readonly #saver: Saver;
  /** What was used and is not added up yet. */
  readonly #fresh: Fresh[] = [];
  /** What this daemon has used, by days. */
  readonly #own = new Map<string, Tally>();
  /** What of that is written. */
  readonly #written = new Map<string, Amounts>();
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
    this.#settle();
    const { name } = this.#now();
    const own = this.#own.get(name)?.amounts ?? nothing;
    const { journal } = this.#parts;
    return journal ? sum(own, journal.others(name)) : own;
  }

  /** What this daemon has used since it began. */
  own(): Amounts {
    this.#settle();
    return [...this.#own.values()].map(({ amounts }) => amounts).reduce(sum, nothing);
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
    this.#settle();
    return this.#accounts.get(id)?.used.amounts;
  }

  identity(id: string): SessionIdentity | undefined {
    return this.#accounts.get(id)?.session;
  }

  /** It does next to nothing, because somebody waits for an answer. */
  add(sessionId: string, used: Partial<Amounts>): void {
    if (this.#fresh.push({ at: this.#parts.clock.now(), sessionId, used }) >= MAX_FRESH) this.#settle();
    if (this.#parts.journal) this.#saver.due();
  }

  /** Writes what is not written yet. Never rejects. */
  save(): Promise<void> {
    return this.#saver.save();
  }

  async #write(): Promise<void> {
    const { journal, clock, log } = this.#parts;
    this.#settle();
    if (!journal || this.#own.size === 0) return;
    try {
      for (const [day, { amounts }] of this.#own) {
        await journal.append(day, difference(amounts, this.#written.get(day) ?? nothing));
        this.#written.set(day, amounts);
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

  /** Adds up what was used. */
  #settle(): void {
    for (const { at, sessionId, used } of this.#fresh.splice(0)) {
      this.#tally(this.#now(at).name).add(used);
      this.#accounts.get(sessionId)?.used.add(used);
    }
  }

  /** What this daemon uses on a day. */
  #tally(day: string): Tally {
    const known = this.#own.get(day);
    if (known) return known;
    const tally = new Tally();
    this.#own.set(day, tally);
    return tally;
  }

  /** The day that it is. The clock may also be set back. */
  #now(now = this.#parts.clock.now()): Day {
    if (now < this.#day.from || now >= this.#day.until) this.#day = dayAt(now);
    return this.#day;
  }

  #hear(event: HouseEvent): void {
    if (event.kind === 'sessionChanged') {
      const { session, state } = event;
      const { sessionId } = session;
      if (state === 'closed') {
        this.#settle();
        this.#accounts.delete(sessionId);
      } else if (!this.#accounts.has(sessionId)) {
        this.#accounts.set(sessionId, { session, used: new Tally() });
        this.add(sessionId, { sessions: 1 });
      }
    } else if (event.kind === 'commandEnded' && event.usage) {
      const { cpuMs, peakMemoryBytes } = event.usage;
      this.add(event.command.sessionId, { cpuSeconds: cpuMs / 1000, gibSeconds: (peakMemoryBytes / GIB) * (event.durationMs / 1000) });
    }
  }
}

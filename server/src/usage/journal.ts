/**
 * What all daemons of a user have used, day by day, in the state folder. Each daemon appends to the file of the day what it
 * has used since it last did. Days that are over are folded into one line each, in a file for each month.
 */
import { randomBytes } from 'node:crypto';
import { readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod/mini';
import { type Amounts, type Counted, counted, nothing, sum } from './amounts.ts';
import { daysBefore } from './day.ts';
import { appendLines, parse, Tail } from '../state/lines.ts';

/** Days are kept this long. */
export const KEPT_DAYS = 400;

const DAY = /^(\d{4}-\d\d-\d\d)\.jsonl$/;
/** A day that somebody folds: nobody appends to it any more. The name in the middle tells it from other files of that day. */
const CLAIMED = /^(\d{4}-\d\d-\d\d)\.([0-9a-f]+)\.claimed$/;
const MONTH = /^(\d{4}-\d\d)\.months\.jsonl$/;

/** What is larger was not counted by a daemon. */
const part = () => z.optional(z.number().check(z.nonnegative(), z.lte(Number.MAX_SAFE_INTEGER)));
const amounts = { commands: part(), cpuSeconds: part(), gibSeconds: part(), outputBytes: part(), networkBytes: part(), sessions: part() };
const DayLine = z.object({ by: z.string(), ...amounts });
/** `of`: the claimed file that was folded into this line. If two have folded it, the line counts once. */
const MonthLine = z.object({ day: z.string(), of: z.string(), ...amounts });

export class Journal {
  readonly #folder: string;
  /** The name of this daemon in its lines. */
  readonly #by = randomBytes(6).toString('hex');
  #day = '';
  #tail: Tail | undefined;
  #others: Amounts = nothing;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** What others have used on a day, as far as they have told. Synchronous, and quick where nothing has changed. */
  others(day: string): Amounts {
    if (day !== this.#day || !this.#tail) {
      this.#day = day;
      this.#others = nothing;
      this.#tail = new Tail(join(this.#folder, `${day}.jsonl`));
    }
    const lines = this.#tail.read(() => (this.#others = nothing));
    this.#others = total(lines, (by) => by !== this.#by, this.#others);
    return this.#others;
  }

  /** Tells others what this daemon has used in addition. @throws if it can't be written */
  async append(day: string, used: Amounts): Promise<void> {
    const changed = Object.entries(used).filter(([, value]) => value > 0);
    if (changed.length > 0) await appendLines(join(this.#folder, `${day}.jsonl`), [{ by: this.#by, ...Object.fromEntries(changed) }]);
  }

  /** All days that are kept, with the earliest first. */
  async days(): Promise<Map<string, Amounts>> {
    const names = await this.#names();
    const days = new Map<string, Amounts>();
    const add = (day: string, used: Partial<Amounts>) => void days.set(day, sum(days.get(day) ?? nothing, used));
    const folded = await this.#folded(names);
    for (const { day, ...used } of folded.values()) add(day, used);
    for (const name of names) {
      const [, day] = DAY.exec(name) ?? CLAIMED.exec(name) ?? [];
      if (day !== undefined && !folded.has(name)) add(day, total((await this.#lines(name)) ?? []));
    }
    return new Map([...days].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  /**
   * Folds the days before yesterday, to which nobody appends any more, and removes what is too old. Several daemons may do
   * this at once, and each may die at any moment: a file is claimed by one, and a claimed file counts once.
   */
  async fold(now: number): Promise<void> {
    const yesterday = daysBefore(now, 1);
    for (const name of await this.#names()) {
      const [, day] = DAY.exec(name) ?? [];
      if (day !== undefined && day < yesterday) await rename(this.#path(name), this.#path(`${day}.${randomBytes(6).toString('hex')}.claimed`)).catch(() => undefined);
    }
    const names = await this.#names();
    const folded = await this.#folded(names);
    for (const name of names) {
      const [, day] = CLAIMED.exec(name) ?? [];
      if (day === undefined) continue;
      const isFolded = folded.has(name);
      const lines = isFolded ? undefined : await this.#lines(name);
      // One that is gone meanwhile has been folded by another daemon.
      if (!isFolded && !lines) continue;
      if (lines) await appendLines(this.#path(`${day.slice(0, -3)}.months.jsonl`), [{ day, of: name, ...total(lines) }]);
      await rm(this.#path(name), { force: true });
    }
    const oldest = daysBefore(now, KEPT_DAYS).slice(0, -3);
    for (const name of names) if ((MONTH.exec(name)?.[1] ?? oldest) < oldest) await rm(this.#path(name), { force: true });
  }

  async #folded(names: readonly string[]): Promise<Map<string, z.infer<typeof MonthLine>>> {
    const lines = (await Promise.all(names.filter((name) => MONTH.test(name)).map((name) => this.#lines(name)))).flatMap((all) => all ?? []);
    return new Map(lines.flatMap((line) => {
      const { success, data } = z.safeParse(MonthLine, line);
      return success ? [[data.of, data]] : [];
    }));
  }

  #path(name: string): string {
    return join(this.#folder, name);
  }

  /** undefined: the file is gone, or can't be read. */
  async #lines(name: string): Promise<unknown[] | undefined> {
    const bytes = await readFile(this.#path(name)).catch(() => undefined);
    return bytes && parse(bytes);
  }

  async #names(): Promise<string[]> {
    return readdir(this.#folder).catch(() => []);
  }
}

/** What the lines of a day come to; a line that is none counts nothing. A busy day has tens of thousands of them. */
function total(lines: readonly unknown[], counts: (by: string) => boolean = () => true, before = nothing): Amounts {
  const so: Record<Counted, number> = { ...before };
  for (const line of lines) {
    const { success, data } = z.safeParse(DayLine, line);
    if (success && counts(data.by)) for (const name of counted) so[name] += data[name] ?? 0;
  }
  return sum(so, {});
}

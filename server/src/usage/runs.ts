/**
 * How earlier runs of programs went on this machine. For each program, and for each language, the last runs are kept, in
 * a small file each. All of it can be found out again, so where two daemons write the same file at once, one of them wins.
 */
import { createHash } from 'node:crypto';
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod/mini';
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { LanguageId } from '../protocol/index.ts';
import { readState } from '../state/file.ts';
import { writeState } from '../state/write.ts';
import { Saver } from '../state/saver.ts';

/** One run of a program that ended by itself. */
export interface Run {
  readonly runtime: string;
  readonly durationMs: number;
  readonly cpuMs: number;
  readonly peakMemoryBytes: number;
}

/** So many runs of a program are kept, and of a language. */
export const MAX_RUNS = 50;
/** So many programs are kept. Those that ran least recently go first. */
const MAX_PROGRAMS = 500;
/** A folder that anybody else can write to belongs to no daemon, so the owner of a file in it need not be looked at. */
const ANY_OWNER = -1;

const number = () => z.number().check(z.nonnegative());
const Kept = z.object({
  runs: z.array(z.object({ runtime: z.string(), durationMs: number(), cpuMs: number(), peakMemoryBytes: number() })).check(z.maxLength(MAX_RUNS)),
});

export interface RunsParts {
  /** Absent: they are kept in memory. */
  readonly folder?: string | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

export class Runs {
  readonly #parts: RunsParts;
  readonly #saver: Saver;
  /** Runs that are not written yet, by the names of their files. Without a folder all runs are here. */
  readonly #fresh = new Map<string, readonly Run[]>();
  #pruned = false;

  constructor(parts: RunsParts) {
    this.#parts = parts;
    this.#saver = new Saver(parts.clock, () => this.#write());
  }

  add(language: LanguageId, program: Buffer, run: Run): void {
    for (const name of [nameOf(language, program), nameOf(language)]) this.#fresh.set(name, [...(this.#fresh.get(name) ?? []), run].slice(-MAX_RUNS));
    if (this.#parts.folder !== undefined) this.#saver.due();
  }

  /** The last runs of a program, or of any program in a language. */
  of(language: LanguageId, program?: Buffer): readonly Run[] {
    const name = nameOf(language, program);
    return [...this.#kept(name), ...(this.#fresh.get(name) ?? [])].slice(-MAX_RUNS);
  }

  /** Writes what is not written yet. Never rejects. */
  save(): Promise<void> {
    return this.#saver.save();
  }

  #kept(name: string): readonly Run[] {
    const { folder } = this.#parts;
    const { success, data } = z.safeParse(Kept, folder === undefined ? undefined : readState(join(folder, name), ANY_OWNER));
    return success ? data.runs : [];
  }

  async #write(): Promise<void> {
    const { folder, clock, log } = this.#parts;
    if (folder === undefined || this.#fresh.size === 0) return;
    const fresh = [...this.#fresh];
    try {
      for (const [name, runs] of fresh) {
        this.#fresh.delete(name);
        await writeState(join(folder, name), { runs: [...this.#kept(name), ...runs].slice(-MAX_RUNS) }, clock.now());
      }
      if (!this.#pruned) await prune(folder);
      this.#pruned = true;
    } catch (fault) {
      log.info('how programs ran cannot be saved', fault);
    }
  }
}

/** The text of a program is not kept, only its digest. */
function nameOf(language: LanguageId, program?: Buffer): string {
  return program ? `program-${createHash('sha256').update(`${language}\0`).update(program).digest('hex').slice(0, 32)}.json` : `language-${language}.json`;
}

async function prune(folder: string): Promise<void> {
  const names = (await readdir(folder)).filter((name) => name.startsWith('program-'));
  if (names.length <= MAX_PROGRAMS) return;
  const times = await Promise.all(names.map(async (name) => [name, (await stat(join(folder, name)).catch(() => undefined))?.mtimeMs ?? 0] as const));
  const oldest = times.sort(([, a], [, b]) => a - b).slice(0, names.length - MAX_PROGRAMS);
  await Promise.all(oldest.map(([name]) => rm(join(folder, name), { force: true })));
}

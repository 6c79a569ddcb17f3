/**
 * The history in the state folder, which all daemons of the user share. Each appends to the file of the day; a file that
 * is large is continued in another one. Old files are removed as a whole. Whoever takes entries out of a file gives it
 * another name first, so that nobody appends to it any more: who was about to do so notices, and appends again.
 */
import { DAY_MS, utcDay } from '../base/days.ts';
import { randomBytes } from 'node:crypto';
import { readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { HistoryPolicy } from '../policy/history.ts';
import type { HistoryEntry } from '../protocol/index.ts';
import { appendLines } from '../state/lines.ts';
import { writeText } from '../state/write.ts';
import { entryOf, lineOf } from './line.ts';
import { fileName, type Place, placesIn } from './places.ts';

/** A file holds about this share of what is kept, so that removing one never takes much more than is too much. */
const FILES = 16;
/** A line is rarely shorter. */
const LINE_BYTES = 400;
const LEAST_FILE_BYTES = 8 * 1024;
/** In so many turns somebody else moved the file away. */
const MAX_TRIES = 5;

export interface Found {
  readonly entry: HistoryEntry | undefined;
  readonly line: string;
}

export class HistoryFiles {
  readonly #folder: string;
  readonly #policy: HistoryPolicy;
  #now: { readonly day: string; readonly number: number } | undefined;

  constructor(folder: string, policy: HistoryPolicy) {
    this.#folder = folder;
    this.#policy = policy;
  }

  /** @throws the system's error; some of the entries may have been written then */
  async append(entries: readonly HistoryEntry[], time: number): Promise<void> {
    const lines = entries.map(lineOf);
    for (let turn = 0; turn < MAX_TRIES; turn++) {
      const { day, number } = await this.#current(time);
      const { size, bytes, isThere } = await appendLines(join(this.#folder, fileName(day, number)), lines);
      if (size >= this.#fileBytes) this.#now = { day, number: number + 1 };
      // Whoever begins a file removes those that are too old or too many.
      if (size === bytes) await this.retain(time).catch(() => undefined);
      if (isThere) return;
    }
    throw new Error('other daemons take entries out of the history all the time');
  }

  /** Everything that is kept, file by file with the latest first, and the lines of each as they were written. @throws the system's error */
  async *read(): AsyncGenerator<readonly Found[]> {
    for (const place of await placesIn(this.#folder)) yield await linesOf(place);
  }

  /** Removes what ended before a time (undefined: everything), and returns how many entries that were. @throws the system's error */
  async clear(before: number | undefined, time: number): Promise<number> {
    const gone = new Set<string>();
    for (const place of await placesIn(this.#folder)) {
      const found = await linesOf(place);
      const isGone = ({ entry }: Found) => before === undefined || (entry !== undefined && Date.parse(entry.at) < before);
      if (!found.some(isGone) && (before !== undefined || found.length > 0)) continue;
      await this.#cut(place, isGone, gone, time);
    }
    await this.#removeStale(time);
    return gone.size;
  }

  /** Removes the files that are too old, and those for which there is no room. @throws the system's error */
  async retain(time: number): Promise<void> {
    const { keepDays, maxBytes, maxEntries } = this.#policy;
    const oldest = utcDay(time - keepDays * DAY_MS);
    let bytes = 0;
    let entries = 0;
    for (const [at, { path, day }] of (await placesIn(this.#folder)).entries()) {
      const isTooMuch = at > 0 && (entries >= maxEntries || bytes >= maxBytes - this.#fileBytes);
      if (day < oldest || isTooMuch) await rm(path, { force: true });
      else {
        const text = await readFile(path).catch(() => Buffer.alloc(0));
        bytes += text.length;
        entries += countLines(text);
      }
    }
    await this.#removeStale(time);
  }

  get #fileBytes(): number {
    const { maxBytes, maxEntries } = this.#policy;
    return Math.max(LEAST_FILE_BYTES, Math.min(maxBytes, maxEntries * LINE_BYTES) / FILES);
  }

  async #current(time: number): Promise<{ readonly day: string; readonly number: number }> {
    const day = utcDay(time);
    if (this.#now?.day === day) return this.#now;
    const [latest] = (await placesIn(this.#folder)).filter((place) => place.day === day);
    this.#now = { day, number: latest?.number ?? 1 };
    return this.#now;
  }

  /** Takes entries out of a file. Whoever dies meanwhile leaves a file that is whole. */
  async #cut({ path, day, number }: Place, isGone: (found: Found) => boolean, gone: Set<string>, time: number): Promise<void> {
    const name = fileName(day, number, randomBytes(6).toString('hex'));
    const moved = { name, path: join(this.#folder, name), day, number };
    await rename(path, moved.path);
    const found = await linesOf(moved);
    for (const each of found.filter(isGone)) if (each.entry) gone.add(each.entry.entryId);
    const kept = found.filter((each) => !isGone(each));
    if (kept.length === 0) await rm(moved.path, { force: true });
    else await writeText(moved.path, kept.map(({ line }) => `${line}\n`).join(''), time);
  }

  /** Removes what was left behind by a daemon that died while it wrote. */
  async #removeStale(time: number): Promise<void> {
    for (const name of (await readdir(this.#folder).catch(() => [])).filter((each) => each.endsWith('.tmp'))) {
      const path = join(this.#folder, name);
      const age = time - ((await stat(path).catch(() => undefined))?.mtimeMs ?? Infinity);
      if (age > DAY_MS) await rm(path, { force: true });
    }
  }
}

async function linesOf({ path }: Place): Promise<Found[]> {
  const text = await readFile(path, 'utf8').catch((fault: unknown) => {
    // Another daemon has removed it.
    if ((fault as { code?: string }).code === 'ENOENT') return '';
    throw fault;
  });
  return text.split('\n').filter((line) => line !== '').map((line) => ({ line, entry: entryOf(valueOf(line)) }));
}

function valueOf(line: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch {
    return undefined;
  }
}

/** Before and behind what is appended at once there is an end of line, so lines that are empty are no lines. */
function countLines(text: Buffer): number {
  let count = 0;
  for (let at = 0, from = 0; (at = text.indexOf(0x0a, from)) >= 0; from = at + 1) if (at > from) count++;
  return count;
}

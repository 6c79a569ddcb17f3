/** Tells from /proc how much processor time a process of this host has used, with everything that it has started. */
import { readdir } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';

/** What /proc tells of a process. Times are in milliseconds. */
export interface Row {
  readonly pid: number;
  readonly parent: number;
  /** When it began. A process that gets the number of another one later has began at another time. */
  readonly begin: string;
  readonly own: number;
  /** The time of its children that have ended, with that of theirs. */
  readonly reaped: number;
}

/** /proc tells times in hundredths of a second on every machine. */
const TICK_MS = 10;
/** After so many processes, others get their turn. */
const SLICE = 64;

/** A process that ends while /proc is read may be gone when its turn comes, and its parent read before it got its time. Then all are read again, at most so often in all. */
const MAX_READS = 3;

/** On Linux only. Who asks while processes are being read gets what is read. */
export class ProcessTimes {
  readonly #proc: string;
  readonly #list: (folder: string) => Promise<readonly string[]>;
  #reading: Promise<readonly Row[]> | undefined;

  constructor(proc = '/proc', list: (folder: string) => Promise<readonly string[]> = readdir) {
    this.#proc = proc;
    this.#list = list;
  }

  /**
   * Returns what tells the processor time in milliseconds of a process and everything below it, also of what has ended. It
   * never falls. Time may be missing in it of processes whose end nobody waits for and that have run between two calls.
   * Rejects when the process has ended.
   */
  of(pid: number): () => Promise<number> {
    const tree = new Tree(pid);
    return async () => {
      this.#reading ??= this.#read().finally(() => (this.#reading = undefined));
      return tree.add(await this.#reading);
    };
  }

  async #read(): Promise<readonly Row[]> {
    for (let reads = 1; ; reads++) {
      const rows: Row[] = [];
      const pids = (await this.#list(this.#proc)).filter((name) => /^\d+$/.test(name)).map(Number);
      for (const [at, pid] of pids.entries()) {
        const row = readRow(pid, this.#proc);
        if (row) rows.push(row);
        if (at % SLICE === SLICE - 1) await turn();
      }
      if (rows.length === pids.length || reads === MAX_READS) return rows;
    }
  }
}

/** What the children of the daemon have used that have ended, which the kernel tells for all of them together. */
export class Reaped {
  readonly #proc: string;
  #told: number;

  constructor(proc = '/proc') {
    this.#proc = proc;
    this.#told = this.#all;
  }

  get #all(): number {
    return readRow('self', this.#proc)?.reaped ?? 0;
  }

  /** The processor time in milliseconds of those that have ended since the last call; 0 where the system does not tell. */
  take(): number {
    const all = this.#all;
    const taken = all - this.#told;
    this.#told = all;
    return taken;
  }
}

/** undefined: there is no such process, or this system does not tell. */
export function readRow(pid: number | 'self', proc = '/proc'): Row | undefined {
  try {
    const text = readFileSync(join(proc, String(pid), 'stat'), 'latin1');
    // The name of the program stands in parentheses, and may have anything in it.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const [own, alsoOwn, reaped, alsoReaped] = fields.slice(11, 15).map((ticks) => Number(ticks) * TICK_MS);
    if (own === undefined || alsoOwn === undefined || reaped === undefined || alsoReaped === undefined) return undefined;
    return { pid: Number(text.slice(0, text.indexOf(' '))), parent: Number(fields[1]), begin: fields[19] ?? '', own: own + alsoOwn, reaped: reaped + alsoReaped };
  } catch {
    return undefined;
  }
}

/** A process, and what it has started. */
class Tree {
  readonly #pid: number;
  #begin: string | undefined;
  /** What each process had used when it was last seen. */
  #seen = new Map<string, number>();
  /** What was seen of each process together. */
  #watched = 0;
  #most = 0;

  constructor(pid: number) {
    this.#pid = pid;
  }

  /** The time of a process that ends goes to its parent if that waits for it, and is lost otherwise: then what was seen of it counts. */
  add(rows: readonly Row[]): number {
    const root = rows.find(({ pid }) => pid === this.#pid);
    this.#begin ??= root?.begin;
    if (!root || root.begin !== this.#begin) throw new Error('the process has ended');
    const seen = new Map<string, number>();
    let told = 0;
    for (const { pid, begin, own, reaped } of below(root, rows)) {
      const key = `${pid} ${begin}`;
      this.#watched += own - (this.#seen.get(key) ?? 0);
      seen.set(key, own);
      told += own + reaped;
    }
    this.#seen = seen;
    return (this.#most = Math.max(this.#most, this.#watched, told));
  }
}

function below(root: Row, rows: readonly Row[]): readonly Row[] {
  const children = new Map<number, Row[]>();
  for (const row of rows) {
    const siblings = children.get(row.parent);
    if (siblings) siblings.push(row);
    else children.set(row.parent, [row]);
  }
  const tree = [root];
  for (const { pid } of tree) tree.push(...(children.get(pid) ?? []));
  return tree;
}

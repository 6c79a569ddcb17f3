/**
 * The audit log of one daemon. Entries wait a moment and are then written together: the records into the daemon's own
 * segment, and its new head apart from it.
 */
import { utcDay } from '../base/days.ts';
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { nextLoopIteration } from '../base/promises.ts';
import type { AuditPolicy } from '../policy/audit.ts';
import { emptyHead, type Head } from './chain.ts';
import type { Disk } from './disk.ts';
import { type Entry, type Fields, render } from './entry.ts';
import { Heads } from './heads.ts';
import { type AuditPlaces, segmentName, segmentPath } from './places.ts';
import { Segment } from './segment.ts';
import { Trouble } from './trouble.ts';

export interface AuditLogParts {
  readonly places: AuditPlaces;
  readonly policy: AuditPolicy;
  /** The name of this daemon (`daemonName`). */
  readonly daemon: string;
  readonly disk: Disk;
  readonly clock: Clock;
  readonly log: Log;
  /** What a segment begins with: what this daemon is, and what it works by. */
  readonly opening: Fields;
  /** The heads of other segments, which a new segment names. */
  others(segment: string): readonly Head[];
  /** Called when a segment has begun. */
  begun?(): void;
}

/** An entry waits at most this long. */
const WAIT_MS = 50;
/** While nothing can be written and nothing else comes, it is tried again after this time. */
const RETRY_MS = 1_000;
/** So many entries wait at most; while they can't be written, the oldest are lost. */
const MAX_WAITING = 10_000;
/** When so many wait, they are written in the next turn of the event loop. So many are written at once. */
const HURRY = 500;

/** An entry that has been taken in. */
export class Waiting {
  readonly at: number;
  #entry: Entry | undefined;
  #isTaken = false;

  constructor(entry: Entry, at: number) {
    this.#entry = entry;
    this.at = at;
  }

  /** Puts another entry in its place, or none. Returns whether that came in time: false if it has been written, or may have been. */
  replace(entry: Entry | undefined): boolean {
    if (!this.#isTaken) this.#entry = entry;
    return !this.#isTaken;
  }

  /** From now on it can't be replaced. */
  take(): Entry | undefined {
    this.#isTaken = true;
    return this.#entry;
  }
}

export class AuditLog {
  readonly #parts: AuditLogParts;
  readonly #heads: Heads;
  readonly trouble: Trouble;
  #waiting: Waiting[] = [];
  /** The texts of entries that could not be written yet. */
  #rendered: string[] = [];
  #lost = 0;
  #segment: Segment | undefined;
  /** Continues the segment, or is the first one. Its file is there and empty. */
  #next: Segment | undefined;
  /** Whether the segment has its last record. */
  #isContinued = false;
  #number = 0;
  /** Heads that could not be written yet. */
  #owed = new Map<string, Head>();
  #timer: { readonly at: number; cancel(): void } | undefined;
  #isClosed = false;

  constructor(parts: AuditLogParts) {
    this.#parts = parts;
    this.#heads = new Heads(parts.places.heads, parts.disk);
    this.trouble = new Trouble(parts.log);
  }

  /** Takes an entry in. It never throws and does next to nothing, because somebody waits for an answer. */
  append(entry: Entry): Waiting {
    const waiting = new Waiting(entry, this.#parts.clock.now());
    if (this.#isClosed) return waiting;
    this.#waiting.push(waiting);
    if (this.#waiting.length === 1 || this.#waiting.length === HURRY) void nextLoopIteration().then(() => this.#arm());
    return waiting;
  }

  /** Writes everything that waits. Returns whether nothing waits any more. Never throws. */
  flush(): boolean {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#render();
    if (this.#rendered.length === 0 && this.#owed.size === 0) return true;
    try {
      this.#write();
      this.trouble.over();
      return true;
    } catch (fault) {
      this.trouble.began(fault);
      if (!this.#isClosed) this.#schedule(RETRY_MS);
      return false;
    }
  }

  /** Writes the last record. Nothing is recorded afterwards. */
  close(): void {
    if (this.#isClosed) return;
    if (this.#segment !== undefined || this.#waiting.length > 0 || this.#rendered.length > 0) this.append({ kind: 'log', event: 'ended', fields: {} });
    this.#isClosed = true;
    this.flush();
    this.#segment?.close();
    this.#next?.close();
    this.#heads.close();
  }

  #arm(): void {
    if (this.#waiting.length > 0 && !this.#isClosed) this.#schedule(this.#waiting.length < HURRY ? WAIT_MS : 0);
  }

  #schedule(ms: number): void {
    const { clock } = this.#parts;
    const at = clock.monotonic() + ms;
    if (this.#timer && this.#timer.at <= at) return;
    this.#timer?.cancel();
    this.#timer = { at, cancel: clock.after(ms, () => void this.flush()) };
  }

  #render(): void {
    for (const waiting of this.#waiting) {
      const entry = waiting.take();
      if (entry) this.#rendered.push(render(entry, waiting.at));
    }
    this.#waiting = [];
    const over = this.#rendered.length - MAX_WAITING;
    if (over <= 0) return;
    this.#rendered.splice(0, over);
    this.#lost += over;
  }

  /** @throws the system's error, when what could be written is written */
  #write(): void {
    try {
      this.#writeRecords();
    } finally {
      this.#anchor();
    }
    if (!this.#parts.policy.fsync) return;
    this.#segment?.sync();
    this.#heads.sync();
  }

  /** @throws the system's error */
  #writeRecords(): void {
    const segment = this.#current();
    if (this.#lost > 0) this.#put(segment, [this.#text('lost', { entries: this.#lost, because: this.trouble.now?.code })]);
    this.#lost = 0;
    while (this.#rendered.length > 0) this.#put(segment, this.#rendered);
  }

  /** Writes records, and removes from `rests` what was written. @throws the system's error where that is not all */
  #put(segment: Segment, rests: string[]): void {
    const { records, fault } = segment.write(rests.slice(0, HURRY));
    rests.splice(0, records);
    if (records > 0) this.#owed.set(segment.head.segment, segment.head);
    if (fault !== undefined) throw fault;
  }

  /** Writes the heads of what was written. @throws the system's error */
  #anchor(): void {
    for (const [name, head] of this.#owed) {
      this.#heads.add(head);
      this.#owed.delete(name);
    }
  }

  /** The segment that is written now. @throws the system's error */
  #current(): Segment {
    const { clock, policy } = this.#parts;
    const old = this.#segment;
    const isWhole = old?.isBroken === false;
    const today = utcDay(clock.now());
    if (old && isWhole && !this.#isContinued && old.size < policy.rotateBytes && old.day >= today) return old;
    if (this.#next?.isBroken) {
      this.#next.close();
      this.#next = undefined;
    }
    const next = (this.#next ??= this.#create(today));
    if (old && isWhole && !this.#isContinued) this.#put(old, [this.#text('continued', { in: next.head.segment })]);
    this.#isContinued = true;
    this.#put(next, [this.#text('opened', { ...this.#parts.opening, ...(old && isWhole ? { continues: { ...old.head } } : {}), others: this.#parts.others(next.head.segment).map((head) => ({ ...head })) })]);
    this.#segment = next;
    this.#next = undefined;
    this.#isContinued = false;
    if (isWhole && policy.fsync) old?.sync();
    old?.close();
    this.#parts.begun?.();
    return next;
  }

  /** The head comes first, so that a segment without any is none of ours. @throws the system's error */
  #create(day: string): Segment {
    const { daemon, disk, places } = this.#parts;
    const name = segmentName({ day, daemon, number: ++this.#number });
    const path = segmentPath(places, name);
    disk.makeFolder(places.records);
    disk.makeFolder(path.slice(0, path.lastIndexOf('/')));
    this.#heads.add({ ...emptyHead(name) });
    return new Segment(name, disk.create(path));
  }

  #text(event: string, fields: Fields): string {
    return render({ kind: 'log', event, fields }, this.#parts.clock.now());
  }
}

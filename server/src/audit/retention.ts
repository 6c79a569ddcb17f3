/** Removes segments that are old, or for which there is no room, and says so in the log, so that nobody takes it for something else. */
import { DAY_MS, utcDay } from '../base/days.ts';
import { rm, rmdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { AuditPolicy } from '../policy/audit.ts';
import { emptyHead, type Head } from './chain.ts';
import { headOf } from './heads-found.ts';
import { type AuditPlaces, EXTENSION, parseSegment, segmentPath } from './places.ts';
import { listSegments } from './read.ts';

export interface Removal {
  readonly because: 'age' | 'size';
  readonly segments: readonly Head[];
  /** All segments of earlier days are gone, now or since an earlier removal, of which there may be no record any more. */
  readonly before: string;
}

export interface RetentionParts {
  readonly places: AuditPlaces;
  readonly policy: Pick<AuditPolicy, 'keepDays' | 'maxBytes'>;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Records that segments are removed. Returns whether that was written; otherwise they stay. */
  tell(removal: Removal): boolean;
}

/** A record names so many segments. */
const HEADS_A_RECORD = 100;

/** A segment that a daemon may still write is not removed: the last one of each daemon, if it is of today or yesterday. @throws the system's error */
export async function retain({ places, policy: { keepDays, maxBytes }, now, tell }: RetentionParts): Promise<void> {
  const { segments } = await listSegments(places);
  const oldest = utcDay(now - keepDays * DAY_MS);
  const old = segments.filter((name) => dayIn(name) < oldest);
  const kept = segments.filter((name) => dayIn(name) >= oldest);
  const sizes = await Promise.all(kept.map(async (name) => (await stat(segmentPath(places, name)).catch(() => undefined))?.size ?? 0));
  let bytes = sizes.reduce((sum, size) => sum + size, 0);
  const tooMuch: string[] = [];
  kept.forEach((name, at) => {
    if (bytes <= maxBytes || mayBeWritten(name, kept, now)) return;
    bytes -= sizes[at] ?? 0;
    tooMuch.push(name);
  });
  await removeAll(old, { because: 'age', before: oldest }, places, tell);
  const yesterday = utcDay(now - DAY_MS);
  const last = dayIn(tooMuch.at(-1) ?? '');
  await removeAll(tooMuch, { because: 'size', before: last < yesterday ? last : yesterday }, places, tell);
}

async function removeAll(names: readonly string[], removal: Omit<Removal, 'segments'>, places: AuditPlaces, tell: RetentionParts['tell']): Promise<void> {
  for (let from = 0; from < names.length; from += HEADS_A_RECORD) {
    const some = names.slice(from, from + HEADS_A_RECORD);
    const heads = some.map((name) => headOf(segmentPath(places, name), name) ?? emptyHead(name));
    if (!tell({ ...removal, segments: heads })) return;
    for (const name of some) await remove(name, places);
  }
}

/** The heads of a daemon's day go with the last of its segments of that day. Where heads can't be removed, they stay. */
async function remove(name: string, places: AuditPlaces): Promise<void> {
  const path = segmentPath(places, name);
  await rm(path, { force: true });
  const { day = '', daemon = '' } = parseSegment(name) ?? {};
  const { segments } = await listSegments(places, day);
  if (segments.some((other) => parseSegment(other)?.daemon === daemon)) return;
  await rm(join(places.heads, day, `${daemon}${EXTENSION}`), { force: true }).catch(() => undefined);
  await rmdir(dirname(path)).catch(() => undefined);
  await rmdir(join(places.heads, day)).catch(() => undefined);
}

function dayIn(name: string): string {
  return parseSegment(name)?.day ?? '';
}

function mayBeWritten(name: string, all: readonly string[], now: number): boolean {
  const { day, daemon, number } = parseSegment(name) ?? { day: '', daemon: '', number: 0 };
  if (day < utcDay(now - DAY_MS)) return false;
  return !all.some((other) => {
    const next = parseSegment(other);
    return next?.daemon === daemon && next.number > number;
  });
}

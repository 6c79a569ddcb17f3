/** The heads of the segments that other daemons have written lately, as their files say. A new segment names them, so that none of them can be removed without a trace. */
import { closeSync, fstatSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Head, readLine } from './chain.ts';
import { MAX_RECORD_BYTES } from './entry.ts';
import { type AuditPlaces, EXTENSION, isDay, parseSegment, segmentPath } from './places.ts';

/** A new segment names so many at most: those that were written to last. Others that have ended were named by an earlier one. */
const MAX_NAMED = 32;
/** Has the last record whole, and may have a part of a line behind it. */
const TAIL_BYTES = 3 * MAX_RECORD_BYTES;
/** They are searched for in so many days: today, and the last day before it on which something was written. */
const DAYS = 2;

/** Without `except`. What can't be read is left out. */
export function headsFound(places: AuditPlaces, except: string): Head[] {
  const days = namesIn(places.records).filter(isDay).sort().slice(-DAYS);
  const found = days.flatMap((day) => namesIn(join(places.records, day)).flatMap((file) => {
    const name = `${day}/${file.slice(0, -EXTENSION.length)}`;
    const at = file.endsWith(EXTENSION) && name !== except && parseSegment(name) ? changedAt(segmentPath(places, name)) : undefined;
    return at === undefined ? [] : [{ name, at }];
  }));
  const latest = found.sort((one, other) => other.at - one.at).slice(0, MAX_NAMED);
  return latest.flatMap(({ name }) => headOf(segmentPath(places, name), name) ?? []);
}

/** What the file of a segment says of itself. undefined: it has no whole record. */
export function headOf(path: string, segment: string): Head | undefined {
  const tail = tailOf(path);
  const end = tail?.lastIndexOf('\n') ?? -1;
  if (!tail || end < 0) return undefined;
  const last = readLine(tail.subarray(tail.lastIndexOf('\n', end - 1) + 1, end));
  return last && { segment, records: last.seq + 1, hash: last.hash };
}

function tailOf(path: string): Buffer | undefined {
  try {
    const file = openSync(path, 'r');
    try {
      const { size } = fstatSync(file);
      const bytes = Buffer.alloc(Math.min(size, TAIL_BYTES));
      return bytes.subarray(0, readSync(file, bytes, 0, bytes.length, size - bytes.length));
    } finally {
      closeSync(file);
    }
  } catch {
    return undefined;
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function changedAt(path: string): number | undefined {
  try {
    return statSync(path).mtimeMs;
  } catch {
    return undefined;
  }
}

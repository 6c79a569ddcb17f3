/** Reads the files of the log: names of segments, lines, and heads. */
import { createReadStream } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { emptyHead, type Head } from './chain.ts';
import { type AuditPlaces, EXTENSION, isDay, parseSegment } from './places.ts';

export interface FoundLine {
  readonly bytes: Buffer;
  /** Counted from 1. */
  readonly number: number;
  /** Whether nothing ends it: the file ends in the middle of it. */
  readonly isTorn: boolean;
}

/** No record and no head is longer. What is longer is given in pieces, none of which is a record. */
const MAX_LINE_BYTES = 1024 * 1024;
const NEWLINE = 10;
const HASH = /^[0-9a-f]{64}$/;

/** A file that does not exist has no lines. @throws the system's error */
export async function* linesOf(path: string): AsyncGenerator<FoundLine> {
  let rest: Buffer = Buffer.alloc(0);
  let number = 0;
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 256 * 1024 }) as AsyncIterable<Buffer>) {
      let bytes = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
      for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE)) {
        yield { bytes: bytes.subarray(0, end), number: ++number, isTorn: false };
        bytes = bytes.subarray(end + 1);
      }
      if (bytes.length > MAX_LINE_BYTES) {
        yield { bytes, number: ++number, isTorn: false };
        bytes = Buffer.alloc(0);
      }
      rest = bytes;
    }
  } catch (fault) {
    if ((fault as { code?: string }).code === 'ENOENT') return;
    throw fault;
  }
  if (rest.length > 0) yield { bytes: rest, number: number + 1, isTorn: true };
}

export interface Listing {
  /** The names of the segments, the oldest first. */
  readonly segments: readonly string[];
  /** What else lies there, by its path below the folder. */
  readonly others: readonly string[];
}

/** `only`: the one day that is looked at. @throws the system's error */
export async function listSegments({ records }: AuditPlaces, only?: string): Promise<Listing> {
  const segments: string[] = [];
  const others: string[] = [];
  for (const day of only === undefined ? await namesIn(records) : [only]) {
    if (!isDay(day)) {
      others.push(day);
      continue;
    }
    for (const file of await namesIn(join(records, day))) {
      const name = `${day}/${file.slice(0, -EXTENSION.length)}`;
      if (file.endsWith(EXTENSION) && parseSegment(name)) segments.push(name);
      else others.push(`${day}/${file}`);
    }
  }
  return { segments, others };
}

/** The files with heads, at a place that is one of them or a folder of days. @throws the system's error */
export async function headFiles(place: string): Promise<string[]> {
  const status = await lstat(place).catch((fault: unknown) => {
    if ((fault as { code?: string }).code === 'ENOENT') return undefined;
    throw fault;
  });
  if (!status?.isDirectory()) return status ? [place] : [];
  const files: string[] = [];
  for (const day of await namesIn(place)) for (const file of await namesIn(join(place, day))) files.push(join(place, day, file));
  return files;
}

/** undefined: the line is no head. */
export function parseHead(line: Buffer): Head | undefined {
  return asHead(objectIn(line));
}

/** undefined: it is no head that a daemon can have written. */
export function asHead(value: unknown): Head | undefined {
  const { segment, records, hash } = (value ?? {}) as Partial<Record<keyof Head, unknown>>;
  if (typeof segment !== 'string' || !parseSegment(segment) || typeof hash !== 'string' || !HASH.test(hash)) return undefined;
  if (typeof records !== 'number' || !Number.isSafeInteger(records) || records < 0) return undefined;
  return records > 0 || hash === emptyHead(segment).hash ? { segment, records, hash } : undefined;
}

/** What a line says. undefined: it is no object of JSON. */
export function objectIn(line: Buffer): Readonly<Record<string, unknown>> | undefined {
  try {
    const value = JSON.parse(line.toString()) as unknown;
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** The heads in a list. */
export function headsIn(value: unknown): Head[] {
  return Array.isArray(value) ? value.flatMap((each: unknown) => asHead(each) ?? []) : [];
}

/** Sorted. A folder that does not exist has none, and neither has a file. */
async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch (fault) {
    if (['ENOENT', 'ENOTDIR'].includes((fault as { code?: string }).code ?? '')) return [];
    throw fault;
  }
}

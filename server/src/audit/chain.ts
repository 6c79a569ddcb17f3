/**
 * The chain of records in a segment. A record is a line of JSON whose first member is the SHA-256 of the hash of the record
 * before it and of all the other bytes of its own line. So nothing in a segment can be changed without changing every hash
 * behind it, and the last hash, with the number of records, says what the whole segment is.
 */
import { createHash, hash } from 'node:crypto';

/** What a segment is at some moment. */
export interface Head {
  readonly segment: string;
  readonly records: number;
  /** That of the last record; if there is none, that of the name. */
  readonly hash: string;
}

export interface Line {
  readonly hash: string;
  readonly text: string;
}

const OPENING = '{"hash":"';
const HASH_LENGTH = 64;
/** What is covered by the hash begins here: behind the hash, its quotation mark and the comma. */
const COVERED_FROM = OPENING.length + HASH_LENGTH + 2;
const LINE_OF_LOG = /^\{"hash":"([0-9a-f]{64})","seq":(\d{1,15}),"time":"([^"]{1,40})","kind":"log"/;
const ANY_LINE = /^\{"hash":"([0-9a-f]{64})","seq":(\d{1,15}),/;

/** The first record continues the name of its segment, so that a segment does not pass for another one. */
export function emptyHead(segment: string): Head {
  return { segment, records: 0, hash: hash('sha256', segment) };
}

/** `rest`: the text of the record behind its number, as `render` makes it. */
export function lineOf({ records: seq, hash: before }: Pick<Head, 'records' | 'hash'>, rest: string): Line {
  const covered = `"seq":${seq},${rest}`;
  const own = hash('sha256', before + covered);
  return { hash: own, text: `${OPENING}${own}",${covered}\n` };
}

export interface ReadLine {
  readonly hash: string;
  readonly seq: number;
  /** Whether it is about the log itself. */
  readonly ofLog: boolean;
}

/** `line`: its bytes without the newline. undefined: it is no record. */
export function readLine(line: Buffer): ReadLine | undefined {
  const start = line.toString('latin1', 0, COVERED_FROM + 100);
  const [, found, seq] = ANY_LINE.exec(start) ?? [];
  return found === undefined ? undefined : { hash: found, seq: Number(seq), ofLog: LINE_OF_LOG.test(start) };
}

/** Whether the line is what was written behind a record with the hash `before`. */
export function follows(before: string, line: Buffer, own: string): boolean {
  return createHash('sha256').update(before).update(line.subarray(COVERED_FROM)).digest('hex') === own;
}

/** Where the records and their heads lie: a folder for each day, and in it the segments of each daemon. */
import { join } from 'node:path';

export interface AuditPlaces {
  /** The folder of the segments. */
  readonly records: string;
  /** The folder of the heads, or one file for all of them. */
  readonly heads: string;
}

export const EXTENSION = '.jsonl';
const DAY = /^\d{4}-\d{2}-\d{2}$/;
const SEGMENT = /^(\d{4}-\d{2}-\d{2})\/(\d{6}-[0-9a-f]{12})-(\d{4,9})$/;

export interface SegmentName {
  readonly day: string;
  readonly daemon: string;
  readonly number: number;
}

/** `anchor`: where the configuration wants the heads. */
export function auditPlaces(stateFolder: string, anchor: string | undefined): AuditPlaces {
  return { records: join(stateFolder, 'audit'), heads: anchor ?? join(stateFolder, 'audit-heads') };
}

export function isDay(name: string): boolean {
  return DAY.test(name);
}

/** Names of daemons sort by their starts within a day. `unique`: twelve hexadecimal digits. */
export function daemonName(startedAt: number, unique: string): string {
  return `${new Date(startedAt).toISOString().slice(11, 19).replaceAll(':', '')}-${unique}`;
}

export function segmentName({ day, daemon, number }: SegmentName): string {
  return `${day}/${daemon}-${String(number).padStart(4, '0')}`;
}

/** undefined: it is not the name of a segment. */
export function parseSegment(name: string): SegmentName | undefined {
  const [, day, daemon, number] = SEGMENT.exec(name) ?? [];
  return day === undefined || daemon === undefined ? undefined : { day, daemon, number: Number(number) };
}

export function segmentPath({ records }: AuditPlaces, name: string): string {
  return join(records, `${name}${EXTENSION}`);
}

/** Reads records out of the log, as they were asked for. */
import { utcDay } from '../base/days.ts';
import { type AuditPlaces, parseSegment, segmentPath } from './places.ts';
import { linesOf, listSegments } from './read.ts';

export interface ShownRecord {
  readonly seq: number;
  readonly time: string;
  readonly kind: string;
  readonly event: string;
  readonly [field: string]: unknown;
}

export interface Wanted {
  /** Milliseconds since the epoch. */
  readonly since: number;
  readonly sessionId?: string | undefined;
  readonly kind?: string | undefined;
}

/**
 * In the order of their times. Lines that are no records are left out. A call that makes a session has begun before the session
 * had an id: that record is one of the session as well.
 * @throws the system's error where something can't be read
 */
export async function recordsFor(places: AuditPlaces, { since, sessionId, kind }: Wanted): Promise<ShownRecord[]> {
  const found: ShownRecord[] = [];
  const from = utcDay(since);
  const { segments } = await listSegments(places);
  /** By their calls. */
  const begun = new Map<string, ShownRecord>();
  for (const name of segments) {
    const { day = '', daemon = '' } = parseSegment(name) ?? {};
    if (day < from) continue;
    for await (const { bytes, isTorn } of linesOf(segmentPath(places, name))) {
      const record = isTorn ? undefined : parse(bytes);
      if (!record || Date.parse(record.time) < since) continue;
      if (kind !== undefined && record.kind !== kind) continue;
      const shown = { ...record, segment: name };
      const call = `${daemon} ${String(record.call)}`;
      if (sessionId !== undefined && record.event === 'began' && record.sessionId === undefined) begun.set(call, shown);
      if (sessionId !== undefined && record.sessionId !== sessionId) continue;
      const beginning = begun.get(call);
      if (beginning && begun.delete(call)) found.push(beginning);
      found.push(shown);
    }
  }
  return found.sort((one, other) => (one.time < other.time ? -1 : one.time > other.time ? 1 : 0));
}

function parse(line: Buffer): ShownRecord | undefined {
  try {
    const { hash: _, ...record } = JSON.parse(line.toString()) as ShownRecord;
    return typeof record.time === 'string' && typeof record.kind === 'string' && typeof record.event === 'string' ? record : undefined;
  } catch {
    return undefined;
  }
}

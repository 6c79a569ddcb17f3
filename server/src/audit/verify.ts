/** Finds out whether the log is as it was written: every segment by its chain, and all of them by their heads and by what they say of each other. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { checkSegment } from './check-segment.ts';
import type { Head } from './chain.ts';
import { type Expectations, expectNamed, readHeads } from './expected.ts';
import type { Remark, Verdict } from './findings.ts';
import { type AuditPlaces, parseSegment, segmentPath } from './places.ts';
import { listSegments } from './read.ts';

/**
 * `otherHeads`: where heads may lie as well. Daemons write on meanwhile; so what seems wrong is looked at a second time.
 * @throws the system's error where something can't be read
 */
export async function verify(places: AuditPlaces, otherHeads: readonly string[] = []): Promise<Verdict> {
  const verdict = await verifyOnce(places, otherHeads);
  return verdict.faults.length === 0 ? verdict : verifyOnce(places, otherHeads);
}

/** The heads are read first: by then, what they speak of has been written. */
async function verifyOnce(places: AuditPlaces, otherHeads: readonly string[]): Promise<Verdict> {
  const heads = await readHeads(places, otherHeads);
  const { expected, anchored } = heads;
  const { segments, others } = await listSegments(places);
  for (const segment of segments) await expectNamed(places, segment, expected);
  const faults: Remark[] = [...heads.faults, ...others.map((path) => ({ file: join(places.records, path), message: 'this is no part of the log: somebody put it here' }))];
  const notes: Remark[] = [...heads.notes];
  const removed = new Map<string, Head>();
  const present = new Set(segments);
  const continued = new Map<string, string>();
  let goneBefore = '';
  let records = 0;
  for (const name of segments) {
    const checked = await checkSegment({ name, path: segmentPath(places, name), expected: expected.of(name), anchored: anchored.get(name) });
    faults.push(...checked.faults);
    notes.push(...checked.notes);
    records += checked.records;
    for (const removal of checked.removals) {
      for (const head of removal.segments) removed.set(head.segment, head);
      if (removal.before > goneBefore) goneBefore = removal.before;
    }
    if (checked.continuedIn !== undefined) continued.set(checked.continuedIn, name);
  }
  // Where segments of earlier days came later, the clock by which they were removed was wrong, and that says nothing.
  if (segments.some((name) => !removed.has(name) && isBefore(name, goneBefore))) goneBefore = '';
  faults.push(...missing({ places, expected, present, removed, goneBefore, continued }));
  return { segments: segments.length, removed: removed.size, records, faults, notes };
}

function isBefore(segment: string, day: string): boolean {
  const own = parseSegment(segment)?.day;
  return own !== undefined && own < day;
}

interface Known {
  readonly places: AuditPlaces;
  readonly expected: Expectations;
  readonly present: ReadonlySet<string>;
  readonly removed: ReadonlyMap<string, Head>;
  /** All segments of earlier days were removed. */
  readonly goneBefore: string;
  /** The segments that continue others, with those. */
  readonly continued: ReadonlyMap<string, string>;
}

/** The segments that have to be there, are not, and were not removed by a daemon either. One that was made since the segments were listed is there. */
function missing({ places, expected, present, removed, goneBefore, continued }: Known): Remark[] {
  return [...new Set([...expected.segments, ...continued.keys()])].filter((name) => !present.has(name) && !existsSync(segmentPath(places, name))).flatMap((name) => {
    const file = segmentPath(places, name);
    const all = expected.of(name);
    const [most] = [...all].sort((one, other) => other.records - one.records);
    const gone = removed.get(name);
    if (!gone) {
      if (isBefore(name, goneBefore)) return [];
      const by = most && most.records > 0 ? most.by : continued.has(name) ? `the segment ${continued.get(name)}` : undefined;
      return by === undefined ? [] : [{ file, message: `the whole segment is missing, as ${by} says` }];
    }
    const other = all.find(({ records, hash }) => records > gone.records || (records === gone.records && hash !== gone.hash));
    return other ? [{ file, message: `the segment was not whole any more when it was removed for its age or size, as ${other.by} says` }] : [];
  });
}

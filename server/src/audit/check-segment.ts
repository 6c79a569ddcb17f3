/** Checks one segment: its chain, and what is expected of it. */
import { emptyHead, follows, type Head, readLine } from './chain.ts';
import type { Expected } from './expected.ts';
import type { Remark } from './findings.ts';
import { headsIn, linesOf, objectIn } from './read.ts';

export interface Checked {
  readonly records: number;
  readonly faults: readonly Remark[];
  readonly notes: readonly Remark[];
  /** The segment in which it is continued. */
  readonly continuedIn: string | undefined;
  /** What it says of segments that were removed, because they were old or took too much. */
  readonly removals: readonly { readonly segments: readonly Head[]; readonly before: string }[];
}

export interface SegmentToCheck {
  readonly name: string;
  readonly path: string;
  readonly expected: readonly Expected[];
  /** How many records the last head counts. undefined: there is no head. */
  readonly anchored: number | undefined;
}

/** After the first fault nothing more is said of a segment, because what comes then proves nothing. @throws the system's error */
export async function checkSegment({ name, path: file, expected, anchored }: SegmentToCheck): Promise<Checked> {
  const faults: Remark[] = [];
  const notes: Remark[] = [];
  const removals: Checked['removals'][number][] = [];
  const wanted = byCount(expected);
  let { records, hash } = emptyHead(name);
  let continuedIn: string | undefined;
  let isOver = false;
  const result = () => ({ records, faults, notes, continuedIn, removals });
  const failed = (line: number | undefined, message: string) => {
    faults.push({ file, ...(line === undefined ? {} : { line }), message });
    return result();
  };
  for (const each of wanted.get(0) ?? []) if (each.hash !== hash) return failed(undefined, `this is not the segment that was begun, as ${each.by} says`);
  for await (const { bytes, number, isTorn } of linesOf(file)) {
    if (isOver) return failed(number, 'this was put behind the record with which the segment ends');
    if (isTorn) {
      notes.push({ file, line: number, message: 'the last line is torn: the daemon was stopped, or the disk was full, while it was written' });
      break;
    }
    const line = readLine(bytes);
    if (!line) return failed(number, 'this is not a record: the line was changed');
    if (line.seq !== records) return failed(number, line.seq > records ? `${several(line.seq - records, 'record')} before this one ${line.seq - records === 1 ? 'is' : 'are'} missing` : `this record does not belong here: it is number ${line.seq}, and ${records} comes next`);
    if (!follows(hash, bytes, line.hash)) return failed(number, 'this record was changed, or the one before it');
    records++;
    ({ hash } = line);
    for (const each of wanted.get(records) ?? []) if (each.hash !== hash) return failed(number, `this is not the record that was written here, as ${each.by} says`);
    if (!line.ofLog) continue;
    const said = objectIn(bytes);
    if (!said) return failed(number, 'no daemon writes such a record: it is no JSON');
    const { event, in: next, segments, before, entries } = said;
    isOver = event === 'ended' || event === 'continued';
    if (event === 'continued' && typeof next === 'string') continuedIn = next;
    if (event === 'removed') removals.push({ segments: headsIn(segments), before: typeof before === 'string' ? before : '' });
    if (event === 'lost') notes.push({ file, line: number, message: `${several(Number(entries), 'entry', 'entries')} could not be recorded before this, because nothing could be written` });
  }
  const most = expected.reduce<Expected | undefined>((found, each) => (each.records > (found?.records ?? records) ? each : found), undefined);
  if (most) return failed(undefined, `the last ${several(most.records - records, 'record')} ${most.records - records === 1 ? 'is' : 'are'} missing, as ${most.by} says`);
  if (anchored === undefined) return failed(undefined, 'this segment was put here: it has no head');
  if (records > anchored) notes.push({ file, message: `the last ${several(records - anchored, 'record')} ${records - anchored === 1 ? 'has' : 'have'} no head yet, or the daemon was stopped before it wrote one: whether somebody changed ${records - anchored === 1 ? 'it' : 'them'} can't be told` });
  return result();
}

function byCount(expected: readonly Expected[]): Map<number, Expected[]> {
  const counts = new Map<number, Expected[]>();
  for (const each of expected) counts.set(each.records, [...(counts.get(each.records) ?? []), each]);
  return counts;
}

function several(count: number, one: string, more = `${one}s`): string {
  return `${count} ${count === 1 ? one : more}`;
}

/** What has to be there: what the heads say, and what segments say of other segments. */
import { emptyHead, follows, type Head, readLine } from './chain.ts';
import type { Remark } from './findings.ts';
import { type AuditPlaces, segmentPath } from './places.ts';
import { headFiles, headsIn, linesOf, objectIn, parseHead } from './read.ts';

/** A head, and who says so. */
export interface Expected extends Head {
  readonly by: string;
}

export class Expectations {
  readonly #bySegment = new Map<string, Expected[]>();

  get segments(): readonly string[] {
    return [...this.#bySegment.keys()];
  }

  of(segment: string): readonly Expected[] {
    return this.#bySegment.get(segment) ?? [];
  }

  add(head: Head, by: string): void {
    const known = this.#bySegment.get(head.segment) ?? [];
    known.push({ ...head, by });
    this.#bySegment.set(head.segment, known);
  }
}

export interface HeadsRead {
  readonly expected: Expectations;
  /** Of each segment that has a head, how many records the last one counts. */
  readonly anchored: ReadonlyMap<string, number>;
  readonly faults: readonly Remark[];
  readonly notes: readonly Remark[];
}

/** `otherPlaces`: where heads may lie as well. @throws the system's error */
export async function readHeads({ heads }: AuditPlaces, otherPlaces: readonly string[] = []): Promise<HeadsRead> {
  const expected = new Expectations();
  const anchored = new Map<string, number>();
  const faults: Remark[] = [];
  const notes: Remark[] = [];
  for (const place of new Set([heads, ...otherPlaces])) {
    for (const file of await headFiles(place)) {
      for await (const { bytes, number: line, isTorn } of linesOf(file)) {
        const head = parseHead(bytes);
        if (head) {
          expected.add(head, `the head in ${file}, line ${line}`);
          anchored.set(head.segment, Math.max(head.records, anchored.get(head.segment) ?? 0));
        } else if (isTorn || isBeginning(bytes)) {
          notes.push({ file, line, message: 'the line is torn: the daemon was stopped, or the disk was full, while it was written' });
        } else if (bytes.length > 0) {
          faults.push({ file, line, message: 'this is not the head of a segment: the line was changed' });
        }
      }
    }
  }
  return { expected, anchored, faults, notes };
}

/** Nothing is written behind the hash but what ends a head. */
const ENDED_OTHERWISE = /"hash":"[0-9a-f]{64}"./;

/** Whether it is the beginning of a head. An empty line comes after one. */
function isBeginning(line: Buffer): boolean {
  const text = line.toString();
  return '{"segment":"'.startsWith(text.slice(0, 12)) && !text.includes('}') && !ENDED_OTHERWISE.test(text);
}

/** Adds what the first record of a segment says of others, if nobody has changed that record. @throws the system's error */
export async function expectNamed(places: AuditPlaces, segment: string, expected: Expectations): Promise<void> {
  for await (const { bytes, isTorn } of linesOf(segmentPath(places, segment))) {
    const line = readLine(bytes);
    if (isTorn || !line?.ofLog || !follows(emptyHead(segment).hash, bytes, line.hash)) return;
    const { continues, others } = objectIn(bytes) ?? {};
    for (const head of [...headsIn([continues]), ...headsIn(others)]) expected.add(head, `the segment ${segment}`);
    return;
  }
}

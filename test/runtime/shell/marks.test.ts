/** Where a command's output ends: a mark is found however the stream is cut, and nothing else is ever taken for one. */
import { expect } from 'chai';
import fc from 'fast-check';
import { MarkScanner } from '../../../server/src/runtime/shell/marks.ts';

const SEED = 71;
const MARK = 'abacabadabacaba';

/** `text` in pieces that end at the given places. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const ends = [...new Set(places.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b);
  const starts = [0, ...ends];
  return starts.map((start, index) => bytes.subarray(start, ends[index] ?? bytes.length));
}

interface Scanned {
  /** What was given on before the mark, and what followed it; `held` where there was no mark. */
  readonly before: string;
  readonly after: string | undefined;
}

function scan(mark: string, chunks: readonly Buffer[]): Scanned {
  const scanner = new MarkScanner(mark);
  const before: Buffer[] = [];
  for (const [index, chunk] of chunks.entries()) {
    const { data, rest } = scanner.feed(chunk);
    before.push(data);
    if (rest) {
      const after = Buffer.concat([rest, ...chunks.slice(index + 1)]);
      return { before: Buffer.concat(before).toString('latin1'), after: after.toString('latin1') };
    }
  }
  return { before: Buffer.concat([...before, scanner.flush()]).toString('latin1'), after: undefined };
}

/** Text full of the mark's beginnings and endings. */
const nearMarks = fc
  .array(fc.oneof(fc.nat(MARK.length - 1).map((length) => MARK.slice(0, length)), fc.constantFrom('a', 'b', 'c', 'd', '\0', '\xff')))
  .map((parts) => parts.join(''))
  .filter((text) => !text.includes(MARK));

describe('a mark in a stream', () => {
  it('is found at every place, cut at every place', () => {
    const whole = Buffer.from(`abac${MARK}abacabad`);
    for (let first = 0; first <= whole.length; first++) {
      for (let second = first; second <= whole.length; second++) {
        expect(scan(MARK, cut(whole, [first, second]))).to.deep.equal({ before: 'abac', after: 'abacabad' });
      }
    }
  });

  it('is found byte by byte, after whatever looks like its beginning', () => {
    const property = fc.property(nearMarks, nearMarks, (before, after) => {
      // The two may make an earlier mark together: the first one counts.
      const whole = before + MARK + after;
      const at = whole.indexOf(MARK);
      const bytes = Buffer.from(whole, 'latin1');
      const expected = { before: whole.slice(0, at), after: whole.slice(at + MARK.length) };
      expect(scan(MARK, [...bytes].map((byte) => Buffer.from([byte])))).to.deep.equal(expected);
    });
    fc.assert(property, { seed: SEED, numRuns: 500 });
  });

  it('is found in any cut of any bytes', () => {
    const property = fc.property(nearMarks, nearMarks, fc.array(fc.nat(), { maxLength: 8 }), (before, after, places) => {
      const whole = before + MARK + after;
      const at = whole.indexOf(MARK);
      expect(scan(MARK, cut(Buffer.from(whole, 'latin1'), places))).to.deep.equal({
        before: whole.slice(0, at),
        after: whole.slice(at + MARK.length),
      });
    });
    fc.assert(property, { seed: SEED, numRuns: 1000 });
  });

  it('is not seen where there is none, and nothing gets lost', () => {
    const property = fc.property(nearMarks, fc.array(fc.nat(), { maxLength: 8 }), (text, places) => {
      expect(scan(MARK, cut(Buffer.from(text, 'latin1'), places))).to.deep.equal({ before: text, after: undefined });
    });
    fc.assert(property, { seed: SEED, numRuns: 1000 });
  });

  it('holds back what may be its beginning, and not one byte more', () => {
    const property = fc.property(fc.array(nearMarks, { minLength: 1, maxLength: 5 }), (texts) => {
      const scanner = new MarkScanner(MARK);
      let seen = '';
      let given = '';
      for (const text of texts) {
        seen += text;
        if (seen.includes(MARK)) return;
        given += scanner.feed(Buffer.from(text, 'latin1')).data.toString('latin1');
        const held = seen.slice(given.length);
        const longest = [...MARK].map((_, length) => MARK.slice(0, length)).filter((start) => seen.endsWith(start)).at(-1);
        expect(held).to.equal(longest);
      }
    });
    fc.assert(property, { seed: SEED, numRuns: 1000 });
  });

  it('costs no copy where nothing is held back', () => {
    const chunk = Buffer.from('nothing of it here');
    const { data } = new MarkScanner(MARK).feed(chunk);
    expect(data.buffer).to.equal(chunk.buffer);
    expect(data).to.deep.equal(chunk);
  });
});

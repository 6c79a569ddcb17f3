/** Listings as GNU's find and busybox's stat print them, with any names that a file can have. */
import { posix } from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import type { DirectoryEntry } from '../../../server/src/protocol/index.ts';
import { parseFind, parseStat } from '../../../server/src/runtime/shell/listing.ts';

const SEED = 97;
const root = '/workspace';

const letters: Readonly<Record<DirectoryEntry['type'], string>> = { file: 'f', directory: 'd', symlink: 'l', other: 'p' };
const bits: Readonly<Record<DirectoryEntry['type'], number>> = { file: 0o100000, directory: 0o040000, symlink: 0o120000, other: 0o010000 };

const name = fc
  .oneof(fc.string({ unit: 'binary', minLength: 1, maxLength: 12 }), fc.constantFrom('a\tb', 'a\nb', '\n', ' ', '-printf', 'x y', '%', '~', '日'))
  .map((text) => text.replaceAll(/[\0/]/g, '_'))
  .filter((text) => text !== '.' && text !== '..');

const entry: fc.Arbitrary<DirectoryEntry> = fc
  .record({
    names: fc.array(name, { minLength: 1, maxLength: 4 }),
    type: fc.constantFrom<DirectoryEntry['type']>('file', 'directory', 'symlink', 'other'),
    size: fc.nat(2 ** 31 - 1),
    seconds: fc.nat(2 ** 31 - 1),
    mode: fc.nat(0o7777),
  })
  .map(({ names, type, size, seconds, mode }) => ({
    name: names.at(-1) ?? '',
    path: `${root}/${names.join('/')}`,
    type,
    size,
    mtimeMs: seconds * 1000,
    mode,
  }));

const asFind = ({ path, type, size, mtimeMs, mode }: DirectoryEntry) =>
  `${letters[type]}\t${size}\t${mtimeMs / 1000}.0000000000\t${mode.toString(8)}\t${posix.relative(root, path)}\0`;
const asStat = ({ path, type, size, mtimeMs, mode }: DirectoryEntry) =>
  `${(bits[type] | mode).toString(16)} ${size} ${mtimeMs / 1000} ${path}//\n`;

describe('a listing', () => {
  const formats = { 'of find': [asFind, parseFind], 'of stat': [asStat, parseStat] } as const;
  for (const [title, [print, parse]] of Object.entries(formats)) {
    it(`${title} is read as it was meant`, () => {
      const property = fc.property(fc.array(entry, { maxLength: 8 }), (entries) => {
        expect(parse(Buffer.from(entries.map(print).join('')), root)).to.deep.equal(entries);
      });
      fc.assert(property, { seed: SEED, numRuns: 500 });
    });

    it(`${title} that was cut loses its last entry and nothing else`, () => {
      const property = fc.property(fc.array(entry, { minLength: 1, maxLength: 4 }), fc.nat(), (entries, at) => {
        const bytes = Buffer.from(entries.map(print).join(''));
        const ends = entries.map((_, index) => Buffer.byteLength(entries.slice(0, index + 1).map(print).join('')));
        const place = at % bytes.length;
        const whole = ends.filter((end) => end <= place).length;
        expect(parse(bytes.subarray(0, place), root)).to.deep.equal(entries.slice(0, whole));
      });
      fc.assert(property, { seed: SEED, numRuns: 500 });
    });
  }

  it('gives parts of a second and rounds them down', () => {
    expect(parseFind(Buffer.from('f\t1\t1700000000.9999999990\t644\ta\0'), root)[0]).to.include({ mtimeMs: 1_700_000_000_999, mode: 0o644 });
  });
});

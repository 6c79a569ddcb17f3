/** Listings are put in order while they come (K12). */
import { expect } from 'chai';
import fc from 'fast-check';
import { First } from '../../server/src/runtime/first.ts';

describe('the first entries of a directory', () => {
  it('are the same as if all had been sorted at once', () => {
    const paths = fc.uniqueArray(fc.string({ maxLength: 4 }), { maxLength: 60 });
    fc.assert(fc.property(paths, fc.integer({ min: 1, max: 70 }), (names, most) => {
      const first: First<{ path: string }> = new First(most);
      for (const path of names) first.add({ path });
      expect(first.entries.map(({ path }) => path)).to.deep.equal([...names].sort((a, b) => (a < b ? -1 : 1)).slice(0, most));
      expect(first.left).to.equal(Math.max(0, names.length - most));
    }));
  });

  it('are that, too, when there are many', () => {
    const names = Array.from({ length: 30_000 }, (_, at) => String((at * 7919) % 30_011));
    for (const most of [1, 999, 5000, 29_999, 40_000]) {
      const first: First<{ path: string }> = new First(most);
      for (const path of names) first.add({ path });
      expect(first.entries.map(({ path }) => path)).to.deep.equal([...names].sort((a, b) => (a < b ? -1 : 1)).slice(0, most));
      expect(first.left).to.equal(Math.max(0, names.length - most));
    }
  });
});

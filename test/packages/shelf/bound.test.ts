/** An installation is held to its room: what is in its folder, and what is in files that it has removed. */
import { expect } from 'chai';
import { overflow } from '../../../server/src/packages/shelf/bound.ts';
import { FakeClock } from '../../fakes/clock.ts';

const MiB = 2 ** 20;

describe('the room of an installation', () => {
  const cases: readonly [string, { bytes?: number; files?: number; hidden?: boolean; used?: number }, RegExp | undefined][] = [
    ['goes on while it keeps to it', { bytes: 10 * MiB, files: 100, used: 29 * MiB }, undefined],
    ['ends where it takes more', { bytes: 10 * MiB + 1 }, /limits\.packageBytes/],
    ['ends where it has too many files', { files: 101 }, /more than 100 files/],
    ['ends where it hides a folder', { hidden: true }, /can't be read/],
    ['ends where the disk loses much more than is seen', { bytes: MiB, used: 22 * MiB }, /removed/],
  ];
  for (const [title, { bytes = 0, files = 1, hidden = false, used = 0 }, expected] of cases) {
    it(title, async () => {
      const clock = new FakeClock();
      const end = new AbortController();
      let looks = 0;
      const watching = overflow({
        path: '/nowhere', maxBytes: 10 * MiB, maxFiles: 100, clock, signal: end.signal,
        measure: async () => ({ bytes: looks === 0 ? 0 : bytes, files: looks === 0 ? 1 : files, hidden: looks++ > 0 && hidden }),
        free: async () => 1000 * MiB - (looks > 1 ? used : 0),
      });
      for (let times = 0; times < 5; times++) await clock.advance(500);
      end.abort();
      const why = await watching;
      if (expected) expect(why).to.match(expected);
      else expect(why).to.equal(undefined);
      expect(clock.pending).to.equal(0);
    });
  }
});

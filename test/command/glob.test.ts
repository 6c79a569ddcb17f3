/** Patterns that files of a sandbox are compared with (K12): they mean what picomatch makes of them, and no name takes long. */
import { expect } from 'chai';
import fc from 'fast-check';
import picomatch from 'picomatch';
import { matcher } from '../../server/src/command/glob.ts';

const SEED = 97;

describe('a pattern', () => {
  it('means what picomatch makes of it', async () => {
    const name = fc.string({ unit: fc.constantFrom('a', 'b', '.', '-'), minLength: 1, maxLength: 4 }).filter((text) => !/^\.{1,2}$/.test(text));
    const part = fc.oneof(fc.constant('**'), fc.string({ unit: fc.constantFrom('a', 'b', '.', '-', '*', '?'), minLength: 1, maxLength: 5 }));
    const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'));
    const pattern = fc.oneof(fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/')), fc.constantFrom('{a,b}*', '[ab]', '!a', 'a/', '@(a|b)'));
    await fc.assert(fc.asyncProperty(pattern, fc.array(path, { minLength: 1, maxLength: 8 }), async (glob, paths) => {
      const [mine, theirs] = [await matcher(glob), picomatch(glob, { dot: true, basename: !glob.includes('/') })];
      for (const each of paths) expect(mine(each), `${glob} ${each}`).to.equal(theirs(each));
    }), { seed: SEED, numRuns: 5000 });
  });

  it('is compared with any name at once, however many stars it has', async () => {
    const name = 'a'.repeat(255);
    for (const glob of ['*a*a*a*a*a*a*a*a*.csv', '**/*a*a*a*a*a*a*a*a*.csv', '**/a/**/a/**/a/**/b']) {
      const matches = await matcher(glob);
      for (const path of [name, `${name}/${name}`, 'a/'.repeat(500) + 'c']) expect(matches(path), glob).to.equal(false);
    }
  });
});

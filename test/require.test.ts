/** A missing part is a skip at home and a failure in CI. */
import { expect } from 'chai';
import { need } from './require.ts';

describe('need', () => {
  const before = process.env.CI;
  afterEach(() => {
    if (before === undefined) delete process.env.CI;
    else process.env.CI = before;
  });

  /** How a hook that needs a part ends: it goes on, it skips, or it throws. */
  const outcome = async (missing: string | undefined, ci: string) => {
    process.env.CI = ci;
    const skip = () => Promise.reject(new Error('skipped'));
    const hook = need('a part', () => missing) as (this: { skip: () => Promise<never> }) => Promise<void>;
    return hook.call({ skip }).then(
      () => 'goes on',
      (fault: Error) => fault.message,
    );
  };

  it('goes on where the part is there', async () => {
    expect(await outcome(undefined, '')).to.equal('goes on');
    expect(await outcome(undefined, 'true')).to.equal('goes on');
  });

  it('fails in CI, saying what is missing', async () => {
    expect(await outcome('get one', 'true')).to.equal('needs a part: get one');
  });
});

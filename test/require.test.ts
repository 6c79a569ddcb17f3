/** If a part of the machine is missing, a test is skipped, or fails with CI=true. */
import { expect } from 'chai';
import { need } from './require.ts';

describe('need', () => {
  const before = process.env.CI;
  afterEach(() => {
    if (before === undefined) delete process.env.CI;
    else process.env.CI = before;
  });

  const told: string[] = [];

  /** Returns how a hook that needs a part ends: it goes on, it skips the test, or it throws a message. */
  const outcome = async (missing: string | undefined, ci: string) => {
    process.env.CI = ci;
    const skip = (): never => {
      throw new Error('skips');
    };
    const hook = need('a part', () => missing, (text) => told.push(text)) as (this: { skip: () => never }) => Promise<void>;
    return hook.call({ skip }).then(
      () => 'goes on',
      (fault: Error) => fault.message,
    );
  };

  it('lets the test run if the part is there', async () => {
    expect(await outcome(undefined, '')).to.equal('goes on');
    expect(await outcome(undefined, 'true')).to.equal('goes on');
  });

  it('skips the test if the part is missing, and says so', async () => {
    expect(await outcome('get one', '')).to.equal('skips');
    expect(told).to.deep.equal(['    skipped, because it needs a part: get one\n']);
  });

  it('fails with CI=true, and says what is missing', async () => {
    expect(await outcome('get one', 'true')).to.equal('this test needs a part: get one');
  });
});

/** If a part is missing, a test is skipped on a developer's machine and fails in CI. */
import { expect } from 'chai';
import { need } from './require.ts';

describe('need', () => {
  const before = process.env.CI;
  afterEach(() => {
    if (before === undefined) delete process.env.CI;
    else process.env.CI = before;
  });

  const told: string[] = [];

  /** How a hook that needs a part ends: it goes on, it skips, or it throws. */
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

  it('goes on if the part exists', async () => {
    expect(await outcome(undefined, '')).to.equal('goes on');
    expect(await outcome(undefined, 'true')).to.equal('goes on');
  });

  it('skips on a developer’s machine', async () => {
    expect(await outcome('get one', '')).to.equal('skips');
    expect(told).to.deep.equal(['    skipped, needs a part: get one\n']);
  });

  it('fails in CI with a message that names the missing part', async () => {
    expect(await outcome('get one', 'true')).to.equal('needs a part: get one');
  });
});

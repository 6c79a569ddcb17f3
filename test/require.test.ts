/** If a part of the machine is missing, a test is skipped and its reason is told, or it fails with CI=true (L16). */
import { expect } from 'chai';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { need } from './require.ts';

describe('need', () => {
  const before = process.env.CI;
  afterEach(() => {
    if (before === undefined) delete process.env.CI;
    else process.env.CI = before;
  });

  /** Returns how a hook that needs a part ends: it goes on, it skips the test, or it throws a message. */
  const outcome = async (missing: string | undefined, ci: string) => {
    process.env.CI = ci;
    const skip = (): never => {
      throw new Error('skips');
    };
    const hook = need('a part', () => missing) as (this: { skip: () => never }) => Promise<void>;
    return hook.call({ skip }).then(
      () => 'goes on',
      (fault: Error) => fault.message,
    );
  };

  it('lets the test run if the part is there', async () => {
    expect(await outcome(undefined, '')).to.equal('goes on');
    expect(await outcome(undefined, 'true')).to.equal('goes on');
  });

  it('skips the test if the part is missing', async () => {
    expect(await outcome('get one', '')).to.equal('skips');
  });

  it('fails with CI=true, and says what is missing', async () => {
    expect(await outcome('get one', 'true')).to.equal('this test needs a part: get one');
  });

  it('runs no hook at the end of a suite for which nothing was made, ends what was made, and each reason is one line at the end of the run (L16)', () => {
    const root = fileURLToPath(new URL('..', import.meta.url));
    const mocha = ['--import=./server/scripts/from-source.mjs', 'node_modules/mocha/bin/mocha.js', '--no-config', '--no-package', '--reporter', 'test/reporter.mjs'];
    const { CI: _, CODEBEAKER_CHECKS_PASSED: _passed, CODEBEAKER_CHECKS_FAILED: _failed, ...env } = process.env;
    const { status, stdout } = spawnSync(process.execPath, [...mocha, 'test/fixtures/require/lacking.test.ts'], { cwd: root, env, encoding: 'utf8' });
    const end = ['Skipped, because this machine lacks what the tests need:', '  4 tests need a part: it is not there; get it', '  1 test needs another part: it is not there; get it', '', '1 passed, 0 failed, 5 skipped', ''];
    expect([status, stdout.split('\n').slice(-end.length)]).to.deep.equal([0, end]);
  });
});

/** The comparison of CPython's tests: what counts as a difference, and which differences are faults. */
import { expect } from 'chai';
import { differences, faults, isUnfinished, type Known, readVerdicts } from './compare.ts';
import { known } from './differences.ts';
import { quick, slow } from './modules.ts';

const line = (test: string, verdict: string, reason = '') => `${JSON.stringify({ test, verdict, reason })}\n`;
const end = line('', 'ended');
const read = (...lines: string[]) => readVerdicts('test_a', [...lines, end].join(''));

describe('the comparison of verdicts', () => {
  const ok = read(line('test.test_a.A.test_1', 'ok'), line('test.test_a.A.test_2', 'ok'));

  it('tells nothing where both sides say the same', () => {
    expect(differences(ok, ok)).to.deep.equal([]);
  });

  it('tells another verdict, and a test that only one side has', () => {
    const other = read(line('test.test_a.A.test_1', 'skipped', 'why'), line('test.test_a.A.test_3', 'ok'));
    expect(differences(ok, other)).to.deep.equal([
      { test: 'test_a.A.test_1', plain: 'ok', sandbox: 'skipped' },
      { test: 'test_a.A.test_2', plain: 'ok', sandbox: 'absent' },
      { test: 'test_a.A.test_3', plain: 'absent', sandbox: 'ok' },
    ]);
  });

  it('keeps tests of the same id apart', () => {
    const twice = read(line('test.test_a.A.test_1', 'ok'), line('test.test_a.A.test_1', 'failed'));
    expect([...twice.keys()]).to.deep.equal(['test_a.A.test_1', 'test_a.A.test_1 #2']);
  });

  it('tells a module that has not come to its end', () => {
    const cut = readVerdicts('test_a', line('test.test_a.A.test_1', 'ok'));
    expect(isUnfinished('test_a', cut)).to.equal(true);
    expect(isUnfinished('test_a', ok)).to.equal(false);
    expect(differences(ok, cut)).to.deep.include({ test: 'test_a', plain: 'absent', sandbox: 'unfinished' });
  });
});

describe('the list of differences', () => {
  const difference = { test: 'test_a.A.test_1', plain: 'ok', sandbox: 'skipped' };
  const list: Known[] = [{ reason: 'Why.', runtimes: ['docker'], plain: 'ok', sandbox: 'skipped', tests: ['test_a.A.test_1'] }];

  it('allows what is on it, in the runtimes that it names', () => {
    expect(faults('test_a', 'docker', [difference], list)).to.deep.equal([]);
    expect(faults('test_a', 'native', [difference], list)).to.deep.equal([
      'test_a.A.test_1 in native: skipped instead of ok; the list says: does not differ',
    ]);
  });

  it('does not allow a difference of another kind', () => {
    expect(faults('test_a', 'docker', [{ ...difference, sandbox: 'failed' }], list)).to.have.length(1);
  });

  it('may not have a test that no longer differs', () => {
    expect(faults('test_a', 'docker', [], list)).to.deep.equal([
      'test_a.A.test_1 in docker: does not differ; the list says: skipped instead of ok',
    ]);
  });

  it('is asked only about the tests that have run', () => {
    for (const part of ['test_b', 'test_a.B', 'test_a.A.test_11']) expect(faults(part, 'docker', [], list)).to.deep.equal([]);
    for (const part of ['test_a', 'test_a.A']) expect(faults(part, 'docker', [], list)).to.have.length(1);
    const setUp: Known[] = [{ ...(list[0] as Known), tests: ['setUpClass (test.test_a.A)'] }];
    expect(faults('test_a', 'docker', [], setUp)).to.have.length(1);
  });

  it('has only tests of modules that are run, each once for a runtime', () => {
    const modules = [...quick, ...slow];
    const tests = known.flatMap(({ runtimes, tests: some }) => runtimes.flatMap((runtime) => some.map((test) => `${runtime} ${test}`)));
    expect(new Set(tests).size).to.equal(tests.length);
    const lost = known.flatMap(({ tests: some }) => some).filter((test) => !modules.some((module) => test.includes(`${module}.`)));
    expect(lost).to.deep.equal([]);
  });

  it('gives each difference a reason', () => {
    for (const { reason, tests } of known) {
      expect(reason).to.match(/^[A-Z].{20,}\.$/s);
      expect(tests).not.to.deep.equal([]);
    }
  });
});

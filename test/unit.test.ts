/** `npm run unit` runs the tests that its filters choose, and fails if they choose none. */
import { expect } from 'chai';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

function unit(...filters: string[]) {
  const script = fileURLToPath(new URL('unit.mjs', import.meta.url));
  const { status, stdout } = spawnSync(process.execPath, [script, ...filters], { env: {}, encoding: 'utf8' });
  const lines = stdout.trimEnd().split('\n');
  return { status, last: lines.at(-1), tests: lines.filter((line) => line.includes('✔')).map((line) => line.replace(/ \(\d+ms\)$/, '').trim()), stdout };
}

describe('unit tests', function () {
  this.timeout(180_000);

  it('are chosen by a part of a path', () => {
    const { status, last, tests } = unit('wire/trace', 'wire/streams');
    expect([status, last]).to.deep.equal([0, `${tests.length} passed, 0 failed, 0 skipped`]);
    expect(tests).to.include('✔ reports nothing when it is off').and.to.include('✔ connect to a port');
  });

  it('are chosen by a part of a title, whatever characters it has', () => {
    const { status, last, tests } = unit('test/wire', 'on and off by $/setTrace', 'destroy stdin when they are disposed of');
    expect([status, last]).to.deep.equal([0, '2 passed, 0 failed, 0 skipped']);
    expect(tests.sort()).to.deep.equal(['✔ destroy stdin when they are disposed of', '✔ is turned on and off by $/setTrace']);
  });

  it('use codebeaker/protocol from source and not from the build', () => {
    expect(unit('client-vscode/manifest')).to.include({ status: 0 });
  });

  it('fail if no test has the title', () => {
    expect(unit('test/wire', 'no test is called this')).to.include({ status: 1, last: '0 passed, 1 failed, 0 skipped' });
  });

  it('do not include those that need more than Node, or may take long', () => {
    const others = ['test/e2e/start.test.ts', 'test/lint.test.ts', 'test/runtime/kinds/native/contract.test.ts'];
    const { status, last, stdout } = unit(...others);
    expect([status, last]).to.deep.equal([1, '0 passed, 1 failed, 0 skipped']);
    expect(stdout).to.include(`npx mocha ${others.join(' ')}\n`);
  });
});

/** systemd itself takes the unit of deploy/, and says how exposed the service is. */
import { expect } from 'chai';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { need, program } from '../require.ts';
import { read } from './files.ts';

/** Of 10; less is better. */
const MOST = 1.5;

describe('the systemd unit', () => {
  before(need('systemd', program('systemd-analyze')));

  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'unit-'));
    file = join(folder, 'codebeaker.service');
    // Neither the program nor its manual page is installed here.
    writeFileSync(file, read('deploy/systemd/codebeaker.service').replace('/usr/bin/codebeaker', process.execPath));
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const analyze = (...args: string[]) => spawnSync('systemd-analyze', ['--no-pager', ...args, file], { encoding: 'utf8', env: { ...process.env, SYSTEMD_COLORS: '0' } });

  it('has no fault that systemd finds', () => {
    const { status, stdout, stderr } = analyze('verify', '--man=no');
    expect({ status, said: stdout + stderr }).to.deep.equal({ status: 0, said: '' });
  });

  it(`is exposed to no more than ${MOST} of 10, and the guide says to how much`, () => {
    const { status, stdout } = analyze('security', '--offline=true', `--threshold=${MOST * 10}`);
    expect(status, stdout).to.equal(0);
    const [, exposure] = /Overall exposure level for codebeaker\.service: ([\d.]+)/.exec(stdout) ?? [];
    expect(read('docs/deployment.md')).to.contain(`gives it ${exposure} of 10`).and.contain(`at most ${MOST}.`);
  });
});

/** A command that waits for something that never happens ends with an error, and never with exit code 0 (C5). */
import { expect } from 'chai';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { bundles, need, npmPackage } from '../require.ts';
import { sourceFile } from './command-line.ts';
import { daemonEnvironment } from './environment.ts';
import { daemonPath } from './raw-client.ts';

const preload = fileURLToPath(new URL('../fixtures/broken/preload.cjs', import.meta.url));

describe('work that never settles', () => {
  before(need('the build', bundles));
  before(need('deno', npmPackage('deno')));

  it('ends with exit code 1 and a message (C5)', () => {
    const env = { ...process.env, ...daemonEnvironment(), BROKEN: 'node:fs/promises stat', BROKEN_HOW: 'never' };
    const file = sourceFile('a.js', 'console.log(1)');
    const { status, stdout, stderr } = spawnSync(process.execPath, ['-r', preload, daemonPath, 'run', file], { env, encoding: 'utf8', input: '' });
    expect([status, stdout]).to.deep.equal([1, '']);
    expect(stderr).to.equal('codebeaker: there is an error in CodeBeaker itself: it waits for something that will never happen\n');
  });
});

/** The README's first command as an ordinary user, who may not use control groups (L14). */
import { expect } from 'chai';
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, copyFileSync, cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findDeno } from '../../server/src/runtime/kinds/deno/binary.ts';
import { bundles, need, npmPackage, program, root as asRoot } from '../require.ts';

const NOBODY = 65_534;
const root = fileURLToPath(new URL('../../', import.meta.url));

describe('an ordinary user', function () {
  this.timeout(120_000);
  before(need('the build', bundles));
  before(need('deno', npmPackage('deno')));
  before(need('setpriv', program('setpriv')));
  before(need('root', asRoot));

  /** Holds a copy of what is installed, which every user can read. */
  let folder = '';
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'codebeaker-ordinary-'));
    chmodSync(folder, 0o755);
    for (const name of ['server/bin', 'server/dist', 'examples']) cpSync(join(root, name), join(folder, name), { recursive: true });
    mkdirSync(join(folder, 'bin'));
    copyFileSync((await findDeno(undefined)) as string, join(folder, 'bin/deno'));
    mkdirSync(join(folder, 'home'));
    chownSync(join(folder, 'home'), NOBODY, NOBODY);
    execFileSync('chmod', ['-R', 'a+rX', ...['server', 'bin', 'examples'].map((name) => join(folder, name))]);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const run = (...args: string[]) => spawnSync('setpriv', [
    `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups', process.execPath, join(folder, 'server/bin/codebeaker.js'), 'run', ...args,
  ], { cwd: folder, encoding: 'utf8', env: { PATH: `${join(folder, 'bin')}:${process.env.PATH}`, HOME: join(folder, 'home') } });

  it('runs the first example, again and again (L14)', () => {
    for (let turn = 1; turn <= 4; turn += 1) {
      const { status, stdout, stderr } = run('examples/hello.ts');
      expect([status, stderr], `run ${turn}`).to.deep.equal([0, '']);
      expect(stdout).to.match(/^Hello from TypeScript, in a sandbox!\n/);
    }
  });

  it('runs it in Deno with little memory too (L14)', () => {
    const { status, stdout, stderr } = run('--runtime', 'deno', '--memory', '128m', 'examples/hello.ts');
    expect([status, stderr]).to.deep.equal([0, '']);
    expect(stdout).to.match(/^Hello from TypeScript/);
  });
});

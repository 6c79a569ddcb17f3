/** The README's first command as an ordinary user, who may not use control groups (L14). */
import { expect } from 'chai';
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, copyFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findDeno } from '../../server/src/runtime/kinds/deno/binary.ts';
import { bundles, need, npmPackage, program, root as asRoot } from '../require.ts';

const NOBODY = 65_534;
const root = fileURLToPath(new URL('../../', import.meta.url));
const NODE = '24.22.3';
const node = join(root, `.cache/nodes/v${NODE}/bin/node`);

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

  /** `path`: folders that come first on PATH. */
  const runWith = (path: string, ...args: string[]) => spawnSync('setpriv', [
    `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups', process.execPath, join(folder, 'server/bin/codebeaker.js'), 'run', ...args,
  ], { cwd: folder, encoding: 'utf8', env: { PATH: `${path}:${process.env.PATH}`, HOME: join(folder, 'home') } });
  const run = (...args: string[]) => runWith(join(folder, 'bin'), ...args);

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
  describe('with Node 24, which reserves much memory that it does not use', () => {
    before(need(`Node ${NODE}`, () => (existsSync(node) ? undefined : `there is no ${node}; run test/setup/nodes.sh`)));
    before(need('bubblewrap', program('bwrap')));

    it('runs programs, and those with workers (L14)', () => {
      mkdirSync(join(folder, 'node24'));
      copyFileSync(node, join(folder, 'node24/node'));
      writeFileSync(join(folder, 'workers.js'), `
        const { Worker, isMainThread } = require('node:worker_threads');
        if (isMainThread) for (let left = 3; left > 0; left -= 1) new Worker(__filename);
        else console.log(process.versions.node);
      `);
      const { status, stdout, stderr } = runWith(join(folder, 'node24'), '--runtime', 'native', 'workers.js');
      expect([status, stderr]).to.deep.equal([0, '']);
      expect(stdout).to.equal(`${NODE}\n`.repeat(3));
    });
  });
});

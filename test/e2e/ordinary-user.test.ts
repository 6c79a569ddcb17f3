/** The README's first command as an ordinary user, who may not use control groups (L14). */
import { expect } from 'chai';
import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, copyFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { findDeno } from '../../server/src/runtime/kinds/deno/binary.ts';
import { pipAndVenv } from '../packages/indexes/needs.ts';
import { pypi, sdist, wheel } from '../packages/indexes/pypi.ts';
import { serve, type Served } from '../packages/indexes/serve.ts';
import { bundles, need, npmPackage, program, root as asRoot } from '../require.ts';
import { bubblewrap } from '../runtime/kinds/native/subject.ts';

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

  describe('with bubblewrap and pip', () => {
    before(need('bubblewrap', bubblewrap));
    before(need('pip', pipAndVenv));
    let registry: Served;
    before(async () => {
      registry = await serve(pypi([wheel('pure', '1.0', { requires: ['below'] }), wheel('below', '2.0'), sdist('built', '1.0')]));
      mkdirSync(join(folder, 'project'));
      writeFileSync(join(folder, 'project/requirements.txt'), 'pure==1.0\nbuilt\n');
      writeFileSync(join(folder, 'project/app.py'), 'import built, os, pure\nprint(built.answer + pure.answer, os.access(pure.__file__, os.W_OK))\n');
      writeFileSync(join(folder, 'config.json'), JSON.stringify({ packages: { registries: { pip: { url: `http://127.0.0.1:${registry.port}/simple/` } } } }));
    });
    after(() => registry.close());

    /** While it runs, the registry answers. */
    const codebeaker = async (...args: string[]) => {
      const options = { cwd: folder, uid: NOBODY, gid: NOBODY, env: { PATH: process.env.PATH, HOME: join(folder, 'home'), CODEBEAKER_CONFIG: join(folder, 'config.json') } };
      const { stdout, stderr } = await promisify(execFile)(process.execPath, [join(folder, 'server/bin/codebeaker.js'), ...args], options);
      return { stdout, stderr };
    };

    it('installs what a manifest names, has it from the cache the next time, and can remove it', async () => {
      const app = () => codebeaker('run', '--runtime', 'native', 'project/app.py');
      expect(await app()).to.deep.equal({ stdout: '84 False\n', stderr: '' });
      const asked = registry.asked.length;
      expect(await app()).to.deep.equal({ stdout: '84 False\n', stderr: '' });
      expect(registry.asked.length).to.equal(asked);
      expect(statSync(join(folder, 'home/.cache/codebeaker/packages')).uid).to.equal(NOBODY);
      expect((await codebeaker('cache', 'verify')).stderr).to.equal('');
      expect((await codebeaker('cache', 'prune')).stdout).to.match(/^removed 1 /);
      expect(JSON.parse((await codebeaker('cache', 'ls', '--json')).stdout).environments).to.deep.equal([]);
    });
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

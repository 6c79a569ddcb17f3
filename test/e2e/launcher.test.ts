/** The file that starts CodeBeaker, the example of a client, and the package that npm makes (L10, L11, L17, L21). */
import { expect } from 'chai';
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundles, need, npmPackage } from '../require.ts';

const server = fileURLToPath(new URL('../../server/', import.meta.url));
const launcher = join(server, 'bin/codebeaker.js');

describe('the launcher', () => {
  let folder = '';
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'codebeaker-launcher-'))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  for (const version of ['12.22.12', '14.21.3', '16.20.2', '18.20.4', '20.18.3']) {
    it(`says in one sentence that Node ${version} is too old (L11)`, () => {
      const pretend = join(folder, 'old.cjs');
      writeFileSync(pretend, `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${version}' } });`);
      const { status, stdout, stderr } = spawnSync(process.execPath, ['-r', pretend, launcher, '--version'], { encoding: 'utf8' });
      expect([status, stdout, stderr]).to.deep.equal([1, '', `codebeaker: CodeBeaker needs Node 20.19 or later, and this is Node ${version}; install a newer one (https://nodejs.org)\n`]);
    });
  }

  it('is written in the JavaScript that old versions of Node can read (L11)', () => {
    expect(readFileSync(launcher, 'utf8')).not.to.match(/=>|\b(?:const|let|class|import)\b|`|\?\.|\?\?/);
  });

  it('says in one sentence that nothing has been built (L21)', () => {
    mkdirSync(join(folder, 'bin'));
    for (const name of ['codebeaker.js', 'package.json']) cpSync(join(server, 'bin', name), join(folder, 'bin', name));
    const { status, stderr } = spawnSync(process.execPath, [join(folder, 'bin/codebeaker.js'), 'doctor'], { encoding: 'utf8' });
    expect([status, stderr]).to.deep.equal([1, 'codebeaker: CodeBeaker has not been built here yet; run "npm run build" in the folder of its repository\n']);
  });

  it('is what the example of a client starts, wherever it is run (L17)', async function () {
    await need('deno', npmPackage('deno')).call(this);
    const examples = fileURLToPath(new URL('../../examples/', import.meta.url));
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(examples, 'client.mjs'), 'typescript', join(examples, 'hello.ts')], { cwd: folder, encoding: 'utf8', env: { ...process.env, PATH: '/nonexistent' } });
    expect([status, stderr]).to.deep.equal([0, '']);
    expect(stdout).to.match(/^Hello from TypeScript/);
  });
});

describe('the package', () => {
  before(need('the build', bundles));

  it('has what people read, and everything that runs (L10)', () => {
    const [{ files }] = JSON.parse(execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts', '--offline'], { cwd: server, encoding: 'utf8' })) as [{ files: { path: string }[] }];
    const paths = files.map(({ path }) => path);
    expect(paths).to.include.members(['README.md', 'LICENSE', 'ARCHITECTURE.md', 'bin/codebeaker.js', 'dist/main.cjs', 'dist/start.cjs', 'dist/codebeaker.1', 'dist/protocol.js', 'dist/protocol/index.d.ts', 'dist/agent/agent-x86_64', 'dist/docs/index.json', 'dist/docs/configuration-reference.html', 'dist/docs/protocol.html']);
    expect(paths.filter((path) => path.startsWith('src/'))).to.deep.equal([]);
  });

  it('has the licence of the project (L10)', () => {
    expect(readFileSync(join(server, 'LICENSE'), 'utf8')).to.equal(readFileSync(join(server, '../LICENSE'), 'utf8'));
  });

  it('can be imported, which starts nothing (L10)', () => {
    const text = 'import("codebeaker").then(({ SessionCreate }) => console.log(SessionCreate.name, process._getActiveHandles().length))';
    const { status, stdout, stderr } = spawnSync(process.execPath, ['-e', text], { cwd: server, encoding: 'utf8', stdio: ['pipe', 'pipe', 'pipe'] });
    expect([status, stderr]).to.deep.equal([0, '']);
    expect(stdout).to.match(/^session\/create /);
  });
});

/** What manifests and lock files do in every runtime: real managers install from the registry of the test what these say, and programs use it offline. */
import { createHash } from 'node:crypto';
import { expect } from 'chai';
import { need } from '../require.ts';
import { buildTools } from './indexes/build-tools.ts';
import { gemIndex } from './indexes/gems.ts';
import { goProxy, goSum } from './indexes/modules.ts';
import { setuptools } from './indexes/needs.ts';
import { npmRegistry } from './indexes/npm.ts';
import { pypi, setuptoolsSdist, wheel } from './indexes/pypi.ts';
import { below, type Files } from './indexes/serve.ts';
import { faultOf, namesOf, RealPackages, type RealSession, type RealSubject } from './real.ts';

const two = { path: 'example.com/two', version: 'v1.1.0' };
const one = { path: 'example.com/one', version: 'v1.0.0', requires: { 'example.com/two': 'v1.1.0' }, files: { 'one.go': 'package one\n\nimport "example.com/two"\n\nfunc Answer() int { return two.Answer() + 1 }\n' } };
const goMod = 'module mine\n\ngo 1.17\n\nrequire example.com/one v1.0.0\n\nrequire example.com/two v1.1.0 // indirect\n';
const mainGo = 'package main\n\nimport (\n\t"fmt"\n\n\t"example.com/one"\n)\n\nfunc main() { fmt.Println(one.Answer()) }\n';

const gemfile = 'source "https://rubygems.org"\ngem "one"\n';
const gemfileLock = 'GEM\n  remote: https://rubygems.org/\n  specs:\n    one (1.0)\n      two (>= 1)\n    two (1.1)\n\nPLATFORMS\n  ruby\n  x86_64-linux\n  aarch64-linux\n\nDEPENDENCIES\n  one\n\nBUNDLED WITH\n   9.9.9\n';

const packageJson = JSON.stringify({ name: 'mine', version: '1.0.0', dependencies: { left: '^1.0.0' }, scripts: { postinstall: 'exit 1' } });

/** A lock file of npm, in which `right` is older than what the registry has. */
function packageLock(files: Files): string {
  const entry = (name: string, version: string, more: object = {}) => {
    const integrity = `sha512-${createHash('sha512').update(files.get(`/${name}-${version}.tgz`)?.body ?? '').digest('base64')}`;
    return { version, resolved: `http://registry.example/${name}-${version}.tgz`, integrity, ...more };
  };
  return JSON.stringify({
    name: 'mine', version: '1.0.0', lockfileVersion: 3,
    packages: {
      '': { name: 'mine', version: '1.0.0', dependencies: { left: '^1.0.0' } },
      'node_modules/left': entry('left', '1.0.0', { dependencies: { right: '^2.0.0' } }),
      'node_modules/right': entry('right', '2.0.0'),
    },
  });
}

/** `brief`: go and Bundler, which are not tested elsewhere then. */
export function describeManifests(make: () => Promise<RealSubject>, { brief = false } = {}): void {
  let packages: RealPackages;
  const npmFiles = npmRegistry([
    { name: 'left', version: '1.0.0', dependencies: { right: '^2.0.0' }, files: { 'index.js': 'module.exports = require("right") + 1;\n' } },
    { name: 'right', version: '2.0.0', files: { 'index.js': 'module.exports = 20;\n' } },
    { name: 'right', version: '2.1.0' },
  ], { tarballs: 'http://registry.example/' });

  before(need('setuptools', setuptools));
  before(async () => {
    const files = new Map([
      ...pypi([...(buildTools() ?? []), setuptoolsSdist('built', '1.0'), wheel('other', '1.0')]),
      ...npmFiles,
      ...below('/gems-index', gemIndex([{ name: 'one', version: '1.0', requires: { two: '>= 1' } }, { name: 'two', version: '1.1' }, { name: 'two', version: '2.0' }])),
      ...below('/proxy', goProxy([one, two, { ...two, version: 'v1.2.0' }])),
    ]);
    packages = await RealPackages.open(await make(), files);
  });
  after(() => packages?.close());
  afterEach(() => expect(packages.left()).to.deep.equal([]));

  const unlessBrief = (title: string, test: () => Promise<void>) => brief || it(title, test);
  const put = async (session: RealSession, files: Readonly<Record<string, string>>) => {
    for (const [name, text] of Object.entries(files)) await session.write(name, text);
  };

  it('go.mod with go.sum, and a go.sum that is wrong', async () => {
    const session = await packages.session('go', { memoryBytes: 2 ** 30 });
    await put(session, { 'go.mod': goMod, 'go.sum': goSum([one, two]), 'main.go': mainGo });
    expect(namesOf(await session.install({}))).to.deep.equal(['example.com/one v1.0.0', 'example.com/two v1.1.0']);
    expect(await session.shell('go run . && go mod verify; cat go.sum')).to.equal(`43\nall modules verified\n${goSum([one, two])}`);
    if (brief) return;
    await session.write('go.sum', goSum([one, two]).replace(/h1:..../, 'h1:AAAA'));
    const fault = await faultOf(session.install({}));
    expect(fault.kind).to.equal('PackageInstallFailed');
    expect(fault.message).to.contain('does not have the checksum that was expected');
  });

  unlessBrief('go.mod without go.sum', async () => {
    const session = await packages.session('go', { memoryBytes: 2 ** 30 });
    await put(session, { 'go.mod': goMod, 'main.go': mainGo });
    expect(namesOf(await session.install({}))).to.deep.equal(['example.com/one v1.0.0', 'example.com/two v1.1.0']);
    expect(await session.code(undefined as never, { path: 'main.go' })).to.equal('43\n');
  });

  it('Gemfile.lock, although the sandbox has another Bundler than it names', async () => {
    const session = await packages.session('ruby');
    await put(session, { Gemfile: gemfile, 'Gemfile.lock': gemfileLock });
    expect(namesOf(await session.install({}))).to.deep.equal(['one 1.0', 'two 1.1']);
    expect(await session.code('require "one"; require "two"; puts ANSWER_ONE + ANSWER_TWO; puts Gem.loaded_specs["two"].version')).to.equal('84\n1.1\n');
  });

  unlessBrief('a Gemfile without a lock file, and bundler/setup in the program', async () => {
    const session = await packages.session('ruby');
    await put(session, { Gemfile: gemfile });
    expect(namesOf(await session.install({}))).to.deep.equal(['one 1.0', 'two 2.0']);
    expect(await session.code('require "bundler/setup"; Bundler.require; require "two"; puts ANSWER_ONE + ANSWER_TWO; puts Gem.loaded_specs["two"].version')).to.equal('84\n2.0\n');
  });

  unlessBrief('package.json, without its scripts, and package-lock.json', async () => {
    const session = await packages.session('javascript');
    await put(session, { 'package.json': packageJson });
    expect(namesOf(await session.install({}))).to.deep.equal(['left 1.0.0', 'right 2.1.0']);
    expect(await session.code('console.log(require("left"), require("right"))')).to.equal('43 42\n');
    await put(session, { 'package-lock.json': packageLock(npmFiles) });
    expect(namesOf(await session.install({}))).to.deep.equal(['left 1.0.0', 'right 2.0.0']);
    expect(await session.code('console.log(require("left"), require("right"))')).to.equal('21 20\n');
  });

  unlessBrief('pyproject.toml, with a package that is built with setuptools from the registry', async () => {
    const session = await packages.session('python');
    await put(session, { 'pyproject.toml': '[project]\nname = "mine"\nversion = "1"\ndependencies = ["built>=1", "other ; python_version >= \'3\'"]\n' });
    expect(namesOf(await session.install({}))).to.deep.equal(['built 1.0', 'other 1.0']);
    expect(await session.code('import built, other\nprint(built.answer, other.answer)')).to.equal('42 42\n');
  });
}

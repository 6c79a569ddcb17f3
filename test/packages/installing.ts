/** What installing packages does in every runtime: real managers install from the registry of the test, and programs use it offline. */
import { expect } from 'chai';
import { ProtocolError } from '../../server/src/protocol/index.ts';
import { npmRegistry } from './indexes/npm.ts';
import { compiledWheel, pypi, wheel } from './indexes/pypi.ts';
import { RealPackages, type RealSubject } from './real.ts';

export function describeInstalling(make: () => Promise<RealSubject>): void {
  let packages: RealPackages;
  /** Whether the registry answers with 500. */
  let broken = false;

  before(async () => {
    const files = new Map([
      ...pypi([wheel('pure', '1.0', { requires: ['below'] }), wheel('below', '2.0'), compiledWheel('compiled', '3.0')]),
      ...npmRegistry([
        { name: 'left', version: '1.0.0', dependencies: { right: '^2.0.0' }, files: { 'index.js': 'module.exports = require("right") + 1;\n' } },
        { name: 'right', version: '2.1.0' },
        { name: '@team/own', version: '1.0.0', files: { 'index.mjs': 'export default "own";\n', 'package.json': JSON.stringify({ name: '@team/own', version: '1.0.0', exports: './index.mjs' }) } },
      ], { tarballs: 'http://registry.example/' }),
    ]);
    packages = await RealPackages.open(await make(), files, (_request, response) => {
      if (broken) response.writeHead(500).end();
      return broken;
    });
  });
  after(() => packages.close());
  afterEach(() => {
    broken = false;
    expect(packages.left()).to.deep.equal([]);
  });

  const faultOf = async (work: Promise<unknown>): Promise<ProtocolError> => {
    const fault: unknown = await work.then(() => new Error('it did not reject'), (reason: unknown) => reason);
    if (fault instanceof ProtocolError) return fault;
    throw fault;
  };
  const names = (result: { installed: readonly { name: string; version: string }[] }) => result.installed.map(({ name, version }) => `${name} ${version}`);

  it('pip, by names: pure and compiled packages', async () => {
    const session = await packages.session('python');
    expect(names(await session.install({ packages: ['pure', 'compiled==3.0'] }))).to.deep.equal(['below 2.0', 'compiled 3.0', 'pure 1.0']);
    expect(await session.code('import pure, below, compiled\nprint(pure.answer, below.answer, compiled.answer())')).to.equal('42 42 42\n');
    expect(await session.shell('cd /tmp && python3 -c "import pure; print(pure.answer)"')).to.equal('42\n');
  });

  it('pip, by requirements.txt, and a second time from the cache', async () => {
    const [first, second] = [await packages.session('python'), await packages.session('python')];
    for (const session of [first, second]) await session.write('requirements.txt', 'pure>=1\n');
    expect(await first.install({})).to.deep.include({ cached: false });
    const before = packages.asked;
    expect(await second.install({})).to.deep.include({ cached: true });
    expect(packages.asked).to.equal(before);
    for (const session of [first, second]) expect(await session.code('import pure; print(pure.answer)')).to.equal('42\n');
  });

  it('npm, by names and by package.json, for require and import', async () => {
    const session = await packages.session('javascript');
    expect(names(await session.install({ packages: ['left'] }))).to.deep.equal(['left 1.0.0', 'right 2.1.0']);
    expect(await session.code('console.log(require("left"), require("right"))')).to.equal('43 42\n');
    await session.write('package.json', JSON.stringify({ dependencies: { '@team/own': '1.0.0' } }));
    await session.install({ manifest: 'package.json' });
    await session.write('main.mjs', 'import own from "@team/own"; import left from "left"; console.log(own, left);');
    expect(await session.code(undefined as never, { path: 'main.mjs' })).to.equal('own 43\n');
  });

  it('what is not there, or not to be had, is an error that says so, and the next try works', async () => {
    const session = await packages.session('python');
    expect((await faultOf(session.install({ packages: ['missing'] }))).message).to.contain('The registry has no package missing');
    broken = true;
    const fault = await faultOf(session.install({ packages: ['below'] }));
    expect(fault.kind).to.equal('PackageInstallFailed');
    expect(fault.message).to.match(/500/);
    broken = false;
    await session.install({ packages: ['below'] });
    expect(await session.code('import below; print(below.answer)')).to.equal('42\n');
  });
}

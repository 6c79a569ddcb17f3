/** What installing packages does in every runtime: real managers install from the registry of the test, and programs use it offline. */
import { expect } from 'chai';
import { argumentsOf, attacker, attacks, leading } from './attacker.ts';
import { gemIndex } from './indexes/gems.ts';
import { goProxy } from './indexes/modules.ts';
import { npmRegistry } from './indexes/npm.ts';
import { compiledWheel, pypi, sdist, wheel } from './indexes/pypi.ts';
import { below } from './indexes/serve.ts';
import { faultOf, namesOf, RealPackages, type RealSubject } from './real.ts';

/** Does during its installation what a hostile package would do with files. */
const hostile = `
import os
home = os.environ['TMPDIR'].rsplit('/', 1)[0]
log = []
def tried(what, work):
    try: work(); log.append(what)
    except OSError: pass
def attack():
    tried('writes beside its folder', lambda: os.mkdir('/.codebeaker/packages/other'))
    tried('sees the session', lambda: open('/workspace/secret'))
    os.makedirs(home + '/a/' + 'd/' * 100)
    os.symlink('/etc/passwd', home + '/link'); os.symlink('/', home + '/all')
    open(home + '/setuid', 'w').close(); os.chmod(home + '/setuid', 0o6777)
    os.mkfifo(home + '/pipe')
    with open(home + '/log', 'w') as file: file.write(repr(log))
if not os.path.exists(home + '/log'): attack()
`;

/** Writes more than it may, into a file that it removes, and into others. */
const huge = `
import os
home = os.environ['TMPDIR'].rsplit('/', 1)[0]
for number in range(100):
    with open(home + '/' + str(number), 'wb') as file:
        for _ in range(16): file.write(os.urandom(1 << 20))
`;

/** `brief`: only what depends on the runtime most. */
export function describeInstalling(make: () => Promise<RealSubject>, { brief = false } = {}): void {
  let packages: RealPackages;
  /** Whether the registry answers with 500. */
  let broken = false;

  before(async () => {
    const files = new Map([
      ...pypi([wheel('pure', '1.0', { requires: ['below'] }), wheel('below', '2.0'), compiledWheel('compiled', '3.0'), sdist('hostile', '1.0', hostile), sdist('huge', '1.0', huge), sdist('slow', '1.0', 'import time; time.sleep(60)')]),
      ...npmRegistry([
        { name: 'left', version: '1.0.0', dependencies: { right: '^2.0.0' }, files: { 'index.js': 'module.exports = require("right") + 1;\n' } },
        { name: 'right', version: '2.1.0' },
        { name: '@team/own', version: '1.0.0', files: { 'index.mjs': 'export default "own";\n', 'package.json': JSON.stringify({ name: '@team/own', version: '1.0.0', exports: './index.mjs' }) } },
      ], { tarballs: 'http://registry.example/' }),
      ...below('/gems-index', gemIndex([{ name: 'one', version: '1.0', requires: { two: '>= 1' } }, { name: 'two', version: '1.1' }])),
      ...below('/proxy', goProxy([{ path: 'example.com/two', version: 'v1.1.0' }])),
    ]);
    packages = await RealPackages.open(await make(), files, {
      before: (request, response) => {
        if (broken) response.writeHead(500).end();
        return broken || leading(packages.outside)(request, response);
      },
    });
    for (const [path, file] of pypi([attacker(packages.outside)])) files.set(path, file);
  });
  after(() => packages.close());
  afterEach(() => {
    broken = false;
    expect(packages.left()).to.deep.equal([]);
  });

  const unlessBrief = (title: string, test: () => Promise<void>) => brief || it(title, test);

  it('pip, by names: pure and compiled packages', async () => {
    const session = await packages.session('python');
    expect(namesOf(await session.install({ packages: ['pure', 'compiled==3.0'] }))).to.deep.equal(['below 2.0', 'compiled 3.0', 'pure 1.0']);
    expect(await session.code('import pure, below, compiled\nprint(pure.answer, below.answer, compiled.answer())')).to.equal('42 42 42\n');
    expect(await session.shell('cd /tmp && python3 -c "import pure; print(pure.answer)"')).to.equal('42\n');
  });

  unlessBrief('pip, by requirements.txt, and a second time from the cache', async () => {
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
    expect(namesOf(await session.install({ packages: ['left'] }))).to.deep.equal(['left 1.0.0', 'right 2.1.0']);
    expect(await session.code('console.log(require("left"), require("right"))')).to.equal('43 42\n');
    await session.write('package.json', JSON.stringify({ dependencies: { '@team/own': '1.0.0' } }));
    await session.install({ manifest: 'package.json' });
    await session.write('main.mjs', 'import own from "@team/own"; import left from "left"; console.log(own, left);');
    expect(await session.code(undefined as never, { path: 'main.mjs' })).to.equal('own 43\n');
  });

  unlessBrief('what is not there, or not to be had, is an error that says so, and the next try works', async () => {
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

  unlessBrief('gem, by names', async () => {
    const session = await packages.session('ruby');
    expect(namesOf(await session.install({ packages: ['one'] }))).to.include.members(['one 1.0', 'two 1.1']);
    expect(await session.code('require "one"; require "two"; puts ANSWER_ONE + ANSWER_TWO')).to.equal('84\n');
  });

  unlessBrief('go, by names, for a program without go.mod', async () => {
    const session = await packages.session('go', { memoryBytes: 2 ** 30 });
    expect(namesOf(await session.install({ packages: ['example.com/two@v1.1.0'] }))).to.deep.equal(['example.com/two v1.1.0']);
    await session.write('main.go', 'package main\n\nimport "example.com/two"\n\nfunc main() { print(two.Answer()) }\n');
    expect(await session.shell('go run .')).to.equal('42');
  });

  it('nothing leaves during an installation, by any way, and nothing leaves the session afterwards', async () => {
    const { outside } = packages;
    const session = await packages.session('python');
    outside.forget();
    await session.install({ packages: ['attacker'] });
    const during = JSON.parse(await session.shell('cat $VIRTUAL_ENV/attacks')) as Record<string, string>;
    expect(Object.entries(during).filter(([, end]) => end === 'OPEN')).to.deep.equal([]);
    expect(Object.keys(during).filter((way) => /^(?:tcp|udp|raw|garbage|CONNECT|SOCKS|forged|redirected|followed|sent)/.test(way)).length).to.be.greaterThan(110);
    for (const place of outside.dialled) expect(place).to.match(/^93\.184\.216\.3[45] /);
    expect(outside.leaked).to.deep.equal([]);
    outside.forget();
    const after = JSON.parse(await session.code(attacks, { args: argumentsOf(outside) })) as Record<string, string>;
    expect(Object.entries(after).filter(([, end]) => end === 'OPEN')).to.deep.equal([]);
    expect([[...outside.resolved], [...outside.dialled], outside.leaked]).to.deep.equal([[], [], []]);
    expect(await session.code('import socket; print(len(socket.if_nameindex()))')).to.equal('1\n');
  });

  it('a session can not change what was installed, nor list what others have', async () => {
    const session = await packages.session('python');
    await session.install({ packages: ['pure'] });
    for (const line of ['ls /.codebeaker/packages', 'touch $VIRTUAL_ENV/new', 'rm -r $VIRTUAL_ENV/lib', 'chmod 777 $VIRTUAL_ENV']) expect(await session.shell(`${line} >/dev/null 2>&1 && echo done`), line).to.equal('');
  });

  it('a package that is hostile while it is installed sees nothing of others and hurts nobody (F-F3, F-F5)', async () => {
    const session = await packages.session('python');
    await session.write('secret', 'secret');
    const { installed } = await session.install({ packages: ['hostile'] });
    expect(installed).to.have.length(1);
    expect(await session.shell('cat $VIRTUAL_ENV/log')).to.equal('[]');
    expect(await session.shell('stat -c %a $VIRTUAL_ENV/setuid; test -e $VIRTUAL_ENV/pipe || echo no pipe; readlink $VIRTUAL_ENV/link')).to.equal('755\nno pipe\n/etc/passwd\n');
    for (const record of await packages.installer.options.shelf.list()) expect(await packages.installer.options.shelf.isIntact(record, new AbortController().signal), record.label).to.equal(true);
  });

  it('one that takes more room than it may is ended', async () => {
    const session = await packages.session('python', { packageBytes: 64 * 2 ** 20 });
    const fault = await faultOf(session.install({ packages: ['huge'] }));
    expect(fault.kind, fault.message).to.equal('DiskFull');
    await session.install({ packages: ['below'] });
  });

  unlessBrief('one is cancelled while another goes on', async () => {
    const [first, second] = [await packages.session('python'), await packages.session('python')];
    const cancel = new AbortController();
    const slow = first.install({ packages: ['slow'] }, cancel.signal);
    const other = second.install({ packages: ['compiled'] });
    expect(namesOf(await other)).to.deep.equal(['compiled 3.0']);
    cancel.abort();
    expect(await slow).to.deep.include({ outcome: 'cancelled', installed: [] });
    expect(namesOf(await first.install({ packages: ['below'] }))).to.deep.equal(['below 2.0']);
  });
}

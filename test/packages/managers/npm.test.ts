/** npm, as it is on this machine, installs from registries that the tests serve, through mirrors. */
import { expect } from 'chai';
import { npm } from '../../../server/src/packages/managers/npm.ts';
import { need, program } from '../../require.ts';
import { certify } from '../indexes/certificate.ts';
import { dialling, gather, install, setOf, through, type Wanted } from '../indexes/install.ts';
import { type NpmPackage, type NpmParts, npmRegistry } from '../indexes/npm.ts';
import { type Answerer, serve, type Served } from '../indexes/serve.ts';

const REGISTRY = 'http://npm.example/';
/** Nothing is tried twice. */
const quick = { variables: { npm_config_fetch_retries: '0' } };
const one: NpmPackage = { name: 'one', version: '1.0.0', dependencies: { two: '^1.0.0' } };
const two: NpmPackage = { name: 'two', version: '1.2.0' };
const scoped: NpmPackage = { name: '@team/three', version: '3.0.0' };

describe('npm installs', function () {
  before(need('npm', program('npm')));
  before(need('openssl', program('openssl')));

  async function withRegistry<T>(packages: readonly NpmPackage[], use: (registry: Served) => Promise<T>, { before, ...parts }: Partial<NpmParts> & { before?: Answerer } = {}): Promise<T> {
    const registry = await serve(npmRegistry(packages, { tarballs: REGISTRY, ...parts }), before ? { before } : {});
    try {
      return await use(registry);
    } finally {
      await registry.close();
    }
  }

  async function failing(registry: Served, wanted: Wanted) {
    return through(setOf('npm', [REGISTRY], quick), dialling({ 'npm.example:80': registry.port }), (mirror) =>
      install(npm, wanted, mirror, async ({ code, output }) => {
        expect(code, output).not.to.equal(0);
        return { output, meaning: npm.explain(output, undefined), trouble: mirror.mirrors.trouble() };
      }),
    );
  }

  it('a package and what it needs, and runs its scripts', async () => {
    const script: NpmPackage = { name: 'four', version: '4.0.0', scripts: { install: 'node -e "require(\'fs\').writeFileSync(\'made.js\', \'module.exports = 4\')"' } };
    await withRegistry([one, two, script], async (registry) => {
      await through(setOf('npm', [REGISTRY], quick), dialling({ 'npm.example:80': registry.port }), (mirror) =>
        install(npm, { names: ['one@^1', 'four@latest'] }, mirror, async ({ code, output, installed, home, run }) => {
          expect(code, output).to.equal(0);
          expect(installed).to.deep.equal([{ name: 'four', version: '4.0.0' }, { name: 'one', version: '1.0.0' }, { name: 'two', version: '1.2.0' }]);
          const printed = await run(['node', '-p', 'require("one") + require("two") + require("four/made.js")'], { cwd: home });
          expect(printed.output).to.equal('88\n');
        }),
      );
    });
  });

  it('packages of a scope from a registry of their own, with credentials, and tarballs of another origin, with encryption', async () => {
    const needing = { ...one, dependencies: { '@team/three': '*' } };
    const secure = certify('npm.example', 'team.example', 'files.example');
    const main = await serve(npmRegistry([needing], { tarballs: 'https://files.example/' }), { secure });
    const files = await serve(npmRegistry([needing, scoped], { tarballs: '' }), { secure });
    const team = await serve(npmRegistry([scoped], { path: '/api/npm/', tarballs: 'https://files.example/' }), {
      secure,
      before: ({ headers }, response) => {
        if (headers.authorization === 'Bearer secret') return false;
        response.writeHead(401).end();
        return true;
      },
    });
    const set = setOf('npm', ['https://npm.example/', { scope: '@team', url: 'https://team.example/api/npm/' }], {
      certificates: async () => [secure.cert], authorization: ({ href }) => (href.startsWith('https://team.example/api/npm/') ? 'Bearer secret' : undefined),
    });
    const dial = dialling({ 'npm.example:443': main.port, 'team.example:443': team.port, 'files.example:443': files.port });
    await through(set, dial, (mirror) => install(npm, { names: ['one'] }, mirror, async ({ code, output, installed }) => {
      expect(code, output).to.equal(0);
      expect(installed.map(({ name }) => name)).to.deep.equal(['@team/three', 'one']);
    }));
    expect([...main.asked, ...files.asked].filter(({ headers }) => headers.authorization !== undefined)).to.deep.equal([]);
    await Promise.all([main.close(), files.close(), team.close()]);
  });

  it('what package.json asks for, without its scripts, and what its lock file says', async () => {
    const manifest = JSON.stringify({ name: 'mine', version: '1.0.0', dependencies: { one: '^1.0.0' }, scripts: { postinstall: 'exit 1' } });
    await withRegistry([one, two, { ...two, version: '1.3.0' }], async (registry) => {
      const dial = dialling({ 'npm.example:80': registry.port });
      await through(setOf('npm', [REGISTRY], quick), dial, async (mirror) => {
        await install(npm, { files: { 'package.json': manifest } }, mirror, async ({ code, output, installed }) => {
          expect(code, output).to.equal(0);
          expect(installed).to.deep.equal([{ name: 'one', version: '1.0.0' }, { name: 'two', version: '1.3.0' }]);
        });
        // One address is that of the registry, one of npm's own, and one is of another host, which is asked for by name.
        for (const address of ['http://npm.example/two-1.2.0.tgz', 'https://registry.npmjs.org/two-1.2.0.tgz', 'https://elsewhere.example/two-1.2.0.tgz', undefined]) {
          const lock = JSON.stringify({
            name: 'mine', version: '1.0.0', lockfileVersion: 3,
            packages: {
              '': { name: 'mine', version: '1.0.0', dependencies: { one: '^1.0.0' } },
              'node_modules/one': { version: '1.0.0', resolved: 'http://npm.example/one-1.0.0.tgz', dependencies: { two: '^1.0.0' } },
              'node_modules/two': { version: '1.2.0', resolved: address },
            },
          });
          await install(npm, { files: { 'package.json': manifest, 'package-lock.json': lock } }, mirror, async ({ code, output, installed }) => {
            expect(code, output).to.equal(0);
            expect(installed, address).to.deep.equal([{ name: 'one', version: '1.0.0' }, { name: 'two', version: '1.2.0' }]);
          });
        }
      });
    });
  });

  describe('nothing, and says why, where', () => {
    it('the registry has no such package, or no such version', async () => {
      await withRegistry([two], async (registry) => {
        for (const name of ['unknown-thing', 'unknown-thing@1.3']) expect((await failing(registry, { names: [name] })).meaning).to.equal('The registry has no package unknown-thing.');
        expect((await failing(registry, { names: ['two@9'] })).meaning).to.equal('The registry has no version that fits two@9.');
      });
    });

    it('a script of a package fails', async () => {
      await withRegistry([{ name: 'four', version: '4.0.0', scripts: { install: 'node -e "process.exit(3)"' } }], async (registry) => {
        expect((await failing(registry, { names: ['four'] })).meaning).to.equal('A script of the package four, which it runs when it is installed, failed: node -e "process.exit(3)".');
      });
    });

    it('a package has another checksum than the registry says', async () => {
      await withRegistry([two], async (registry) => {
        expect((await failing(registry, { names: ['two'] })).meaning).to.match(/^A package that the registry sent does not have the checksum that was expected/);
      }, { wrongHash: true });
    });

    it('the lock file does not fit package.json', async () => {
      const files = { 'package.json': '{"dependencies":{"two":"1"}}', 'package-lock.json': '{"lockfileVersion":3,"packages":{"":{}}}' };
      await withRegistry([two], async (registry) => {
        expect((await failing(registry, { files })).meaning).to.match(/^The lock file does not fit package\.json/);
      });
    });

    it('the registry fails, or leads to a private address', async () => {
      const failures: Record<string, [Answerer, RegExp]> = {
        'status 500': [(_, response) => Boolean(response.writeHead(500).end('broken')), /^npm\.example failed with status 500$/],
        'a redirect': [(_, response) => Boolean(response.writeHead(301, { location: 'http://169.254.169.254/' }).end()), /does not allow this session to reach 169\.254\.169\.254:80$/],
        'credentials that are missing': [(_, response) => Boolean(response.writeHead(401).end()), /^npm\.example refuses what this machine asks for \(401\)/],
      };
      for (const [name, [before, trouble]] of Object.entries(failures)) {
        await withRegistry([two], async (registry) => expect((await failing(registry, { names: ['two'] })).trouble, name).to.match(trouble), { before });
      }
    });
  });

  it('what npm says of known weaknesses through the mirror', async () => {
    const advisory = { id: 1, url: 'https://github.com/advisories/GHSA-aaaa-bbbb-cccc', title: 'It is weak', severity: 'high', vulnerable_versions: '<1.3.0', cwe: [], cvss: { score: 0, vectorString: null } };
    const answers: Answerer = ({ method, url }, response) =>
      method === 'POST' && url === '/-/npm/v1/security/advisories/bulk' && Boolean(response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ two: [advisory] })));
    await withRegistry([two, { ...two, version: '1.3.0' }], async (registry) => {
      await through(setOf('npm', [REGISTRY], quick), dialling({ 'npm.example:80': registry.port }), (mirror) =>
        install(npm, { names: ['two@1.2.0'] }, mirror, async ({ code, output, audit }) => {
          expect(code, output).to.equal(0);
          expect(await audit()).to.deep.equal([{ id: 'GHSA-aaaa-bbbb-cccc', package: 'two', severity: 'high', summary: 'It is weak', url: advisory.url, fixedIn: '1.3.0' }]);
        }),
      );
    }, { before: answers });
  });
});

describe('npm takes', () => {
  it('names with scopes, versions, ranges and tags', () => {
    for (const name of ['left-pad', '@types/node', 'a@1.2.3', 'a@^1', 'a@~1.2', 'a@>=1 <2', 'a@1.x || 2', '@a/b@next', 'JSONStream', 'a@*']) {
      expect(() => npm.checkNames([name]), name).not.to.throw();
    }
  });

  it('no addresses, files, options and other things (F-F5)', () => {
    for (const name of ['', ' ', '-g', '--registry=http://evil.example', '.', '..', './a', '/a', '~/a', 'a/b', 'user/repo#main', 'git+https://evil.example/a.git', 'https://evil.example/a.tgz', 'a@https://evil.example/a.tgz', 'a@file:..', 'a@npm:b', 'a@git+ssh://x', 'a.tgz', 'a@', 'a b', '@a', '@/b', '@a/', '@a/../b', 'node_modules', 'a\\b', 'a@1;x', 'ä', 'a\n', `a${'x'.repeat(300)}`]) {
      expect(() => npm.checkNames(['ok', name]), JSON.stringify(name)).to.throw().with.property('kind', 'InvalidParams');
    }
  });

  it('package.json and lock files that only name what registries have', async () => {
    const fault = (manifest: object, lock?: object) =>
      gather(npm, { 'package.json': JSON.stringify(manifest), ...(lock ? { 'package-lock.json': JSON.stringify(lock) } : {}) }).then(() => undefined, (error: Error) => error.message);
    expect(await fault({ dependencies: { a: '^1', b: 'npm:@c/d@~2', e: '', f: '~1.2.3', g: 'latest' }, overrides: { a: { b: '$b' } } })).to.equal(undefined);
    expect(await fault({ workspaces: ['packages/*'] })).to.match(/^manifest: package\.json has workspaces/);
    for (const spec of ['file:../a', 'link:a', './a', '../a', '~/a', 'workspace:*']) expect(await fault({ devDependencies: { a: spec } }), spec).to.match(/devDependencies: "a": .* names a file/);
    for (const spec of ['user/repo', 'github:user/repo', 'git+ssh://git@x/y.git', 'https://evil.example/a.tgz', 'npm:a@http://x']) expect(await fault({ dependencies: { a: spec } }), spec).to.match(/names an address/);
    expect(await fault({ overrides: { a: { '.': 'git://x' } } })).to.match(/overrides: "\." names an address/);
    expect(await fault({ dependencies: { '../a': '1' } })).to.match(/is no name of an npm package/);
    expect(await fault({ dependencies: [] })).to.match(/dependencies is no object/);
    expect(await fault({}, { packages: { 'node_modules/a': { resolved: '../a', link: true } } })).to.match(/node_modules\/a is a link to a folder/);
    expect(await fault({}, { packages: { 'node_modules/a': { resolved: 'git+ssh://git@github.com/a/b.git#c' } } })).to.match(/comes from "git\+ssh/);
    expect(await fault({}, { dependencies: { a: { version: 'file:a' } } })).to.match(/comes from "file:a"/);
  });
});

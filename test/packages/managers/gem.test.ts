/** gem and Bundler, as they are on this machine, install from indexes that the tests serve, through a mirror. */
import { expect } from 'chai';
import { gem } from '../../../server/src/packages/managers/gem.ts';
import { need, program } from '../../require.ts';
import { gemIndex } from '../indexes/gems.ts';
import { dialling, gather, install, type Listening, setOf, through, type Wanted } from '../indexes/install.ts';
import { type Answerer, type Files, serve, type Served } from '../indexes/serve.ts';

const REGISTRY = 'http://gems.example/';

describe('gem and Bundler install', function () {
  before(need('gem', program('gem')));
  const made: { compact?: Files; old?: Files } = {};
  before(() => {
    const gems = [{ name: 'one', version: '1.0', requires: { two: '>= 1' } }, { name: 'two', version: '1.1' }, { name: 'two', version: '2.0' }];
    made.compact = gemIndex(gems);
    made.old = new Map([...made.compact].filter(([path]) => !/^\/(?:info\/|versions|names)/.test(path)));
  });

  /** The registry is what a Gemfile calls https://rubygems.org/, and it asks for credentials. */
  async function withIndex<T>(kind: 'compact' | 'old', use: (mirror: Listening, index: Served) => Promise<T>, before?: Answerer): Promise<T> {
    const unknown: Answerer = ({ headers }, response) => headers.authorization !== 'Basic c2VjcmV0' && Boolean(response.writeHead(401).end());
    const index = await serve(made[kind] ?? new Map(), { before: before ?? unknown });
    try {
      const set = setOf('gem', [REGISTRY, { scope: 'https://rubygems.org/', url: REGISTRY }], { authorization: ({ origin }) => (origin === 'http://gems.example' ? 'Basic c2VjcmV0' : undefined) });
      return await through(set, dialling({ 'gems.example:80': index.port }), (mirror) => use(mirror, index));
    } finally {
      await index.close();
    }
  }

  const failing = (wanted: Wanted, before?: Answerer) =>
    withIndex('compact', (mirror) =>
      install(gem, wanted, mirror, async ({ code, output }) => {
        expect(code, output).not.to.equal(0);
        return { output, meaning: gem.explain(output, undefined), trouble: mirror.mirrors.trouble() };
      }), before);

  for (const kind of ['compact', 'old'] as const) {
    it(`a gem and what it needs, from ${kind === 'old' ? 'an index of the older kind' : 'a compact index'}`, async () => {
      await withIndex(kind, (mirror) =>
        install(gem, { names: ['one', 'two:1.1'] }, mirror, async ({ code, output, installed, run }) => {
          expect(code, output).to.equal(0);
          expect(installed).to.deep.include.members([{ name: 'one', version: '1.0' }, { name: 'two', version: '1.1' }]);
          expect((await run(['ruby', '-e', 'require "one"; require "two"; puts ANSWER_ONE + ANSWER_TWO'])).output).to.equal('84\n');
        }),
      );
    });

    it(`what a Gemfile asks for, and what its lock file says, from ${kind === 'old' ? 'an index of the older kind' : 'a compact index'}`, async () => {
      const gemfile = 'source "https://rubygems.org"\ngem "one"\n';
      await withIndex(kind, async (mirror) => {
        await install(gem, { files: { Gemfile: gemfile } }, mirror, async ({ code, output, installed, run }) => {
          expect(code, output).to.equal(0);
          expect(installed).to.deep.equal([{ name: 'one', version: '1.0' }, { name: 'two', version: '2.0' }]);
          expect((await run(['ruby', '-rbundler/setup', '-e', 'require "one"; puts ANSWER_ONE'])).output).to.equal('42\n');
        });
        const lock = 'GEM\n  remote: https://rubygems.org/\n  specs:\n    one (1.0)\n      two (>= 1)\n    two (1.1)\n\nPLATFORMS\n  ruby\n  x86_64-linux\n  aarch64-linux\n\nDEPENDENCIES\n  one\n\nBUNDLED WITH\n   9.9.9\n';
        await install(gem, { files: { Gemfile: gemfile, 'Gemfile.lock': lock } }, mirror, async ({ code, output, installed }) => {
          expect(code, output).to.equal(0);
          expect(installed).to.deep.equal([{ name: 'one', version: '1.0' }, { name: 'two', version: '1.1' }]);
        });
      });
    });
  }

  it('nothing, and say why, where the registry does not have it, or fails', async () => {
    expect((await failing({ names: ['unknown_thing'] })).meaning).to.equal('The registry has no gem unknown_thing.');
    expect((await failing({ names: ['two:9'] })).meaning).to.match(/^The registry has no version of two that fits/);
    expect((await failing({ files: { Gemfile: 'source "https://rubygems.org"\ngem "unknown_thing"\n' } })).meaning).to.equal('The registry has no gem unknown_thing.');
    const broken: Answerer = (_, response) => Boolean(response.writeHead(500).end());
    expect((await failing({ names: ['one'] }, broken)).trouble).to.equal('gems.example failed with status 500');
    const wrong: Answerer = ({ url }, response) => Boolean(url?.startsWith('/gems/') && response.writeHead(302, { location: 'http://10.0.0.1/' }).end());
    expect((await failing({ names: ['one'] }, wrong)).trouble).to.match(/does not allow this session to reach 10\.0\.0\.1:80/);
  });
});

describe('gem takes', () => {
  it('names with versions, and nothing else (F-F5)', () => {
    for (const name of ['rake', 'active_support', 'google-cloud', 'rails:7.1.3', 'a:~>1.2', 'a:1.0.0.rc1']) expect(() => gem.checkNames([name]), name).not.to.throw();
    for (const name of ['', '-v', '--source=http://evil.example', './a.gem', 'a.gem', '/a', 'https://evil.example/a', 'a:', 'a:b', 'a b', 'a:1:2', 'a\n', 'é']) {
      expect(() => gem.checkNames([name]), JSON.stringify(name)).to.throw().with.property('kind', 'InvalidParams');
    }
  });

  it('Gemfiles that only name what registries have', async () => {
    const fault = (Gemfile: string, lock?: string) => gather(gem, { Gemfile, ...(lock ? { 'Gemfile.lock': lock } : {}) }).then(() => undefined, (error: Error) => error.message);
    expect(await fault('source "https://rubygems.org"\nruby "3.1.2"\n# gem "a", path: "b"\ngem "rails", "~> 7"\ngem "path_thing"\ngroup :test do\n  gem "git", require: false\nend\n')).to.equal(undefined);
    for (const line of ['gem "a", git: "https://x/y.git"', 'gem "a", :git => "x"', 'gem "a", github: "x/y"', 'git "https://x" do', 'gem("a", github:"x/y")']) expect(await fault(line), line).to.match(/^manifest: Gemfile has a gem of a git repository/);
    for (const line of ['gem "a", path: "../a"', 'gem "a", :path => "a"', 'path "components" do']) expect(await fault(line), line).to.match(/has a gem (?:that is a folder|of a git repository)/);
    expect(await fault('gemspec\n')).to.match(/has gemspec, which needs the files of the project/);
    expect(await fault('', 'GIT\n  remote: https://x\n')).to.match(/^manifest: Gemfile\.lock has a gem of a git repository/);
  });
});

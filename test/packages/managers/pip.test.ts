/** pip, as it is on this machine, installs from indexes that the tests serve, through a mirror. */
import { expect } from 'chai';
import { pip } from '../../../server/src/packages/managers/pip.ts';
import { need, program } from '../../require.ts';
import { certify } from '../indexes/certificate.ts';
import { dialling, gather, install, type Listening, setOf, through, type Wanted } from '../indexes/install.ts';
import { compiledWheel, type Distribution, type IndexParts, pypi, sdist, wheel } from '../indexes/pypi.ts';
import { type Answerer, serve, type Served } from '../indexes/serve.ts';
import { pipAndVenv } from '../indexes/needs.ts';

const INDEX = 'http://index.example/simple/';

describe('pip installs', function () {
  before(need('pip and venv', pipAndVenv));
  before(need('cc', program('cc')));
  before(need('openssl', program('openssl')));

  /** One index, at http://index.example. */
  async function withIndex<T>(distributions: readonly Distribution[], use: (index: Served) => Promise<T>, { before, ...parts }: IndexParts & { before?: Answerer } = {}): Promise<T> {
    const index = await serve(pypi(distributions, parts), before ? { before } : {});
    try {
      return await use(index);
    } finally {
      await index.close();
    }
  }

  const mirrored = <T>(index: Served, use: (mirror: Listening) => Promise<T>) => through(setOf('pip', [INDEX], { variables: { PIP_RETRIES: '0' } }), dialling({ 'index.example:80': index.port }), use);

  /** What the installation of `wanted` printed, and what the mirror says. */
  async function failing(index: Served, wanted: Wanted): Promise<{ output: string; meaning: string | undefined; trouble: string | undefined }> {
    return mirrored(index, (mirror) =>
      install(pip, wanted, mirror, async ({ code, output }) => {
        expect(code).not.to.equal(0);
        return { output, meaning: pip.explain(output, undefined), trouble: mirror.mirrors.trouble() };
      }),
    );
  }

  it('a package and what it needs, a compiled one, and one that is built', async () => {
    const made = [wheel('pure-thing', '1.2', { requires: ['other-thing>=2'] }), wheel('other-thing', '2.1'), compiledWheel('compiled', '1.0'), sdist('built', '3.0')];
    await withIndex(made, async (index) => {
      await mirrored(index, (mirror) => install(pip, { names: ['pure-thing>=1', 'compiled', 'built==3.0'] }, mirror, async ({ code, output, installed, run }) => {
        expect(code, output).to.equal(0);
        expect(installed).to.deep.equal([
          { name: 'built', version: '3.0' }, { name: 'compiled', version: '1.0' }, { name: 'other-thing', version: '2.1' }, { name: 'pure-thing', version: '1.2' },
        ]);
        const program = 'import pure_thing, other_thing, compiled, built; print(pure_thing.answer + compiled.answer() + built.answer)';
        expect((await run(['python', '-c', program])).output).to.equal('126\n');
      }));
    });
  });

  for (const json of [false, true]) {
    it(`files that are at another origin, with encryption and credentials, by pages in ${json ? 'JSON' : 'HTML'}`, async () => {
      const secure = certify('index.example', 'files.example');
      const files = await serve(pypi([wheel('thing', '1.0')]), { secure });
      const index = await serve(pypi([wheel('thing', '1.0')], { json, files: 'https://files.example:8443/files/' }), {
        secure,
        before: ({ headers }, response) => {
          if (headers.authorization === 'Basic c2VjcmV0') return false;
          response.writeHead(401).end();
          return true;
        },
      });
      const set = setOf('pip', ['https://index.example/simple/'], {
        certificates: async () => [secure.cert], authorization: ({ origin }) => (origin === 'https://index.example' ? 'Basic c2VjcmV0' : undefined),
      });
      const dial = dialling({ 'index.example:443': index.port, 'files.example:8443': files.port });
      await through(set, dial, (mirror) => install(pip, { names: ['thing'] }, mirror, async ({ code, output, installed }) => {
        expect(code, output).to.equal(0);
        expect(installed).to.deep.equal([{ name: 'thing', version: '1.0' }]);
      }));
      expect(files.asked.map(({ url }) => url)).to.include('/files/thing-1.0-py3-none-any.whl');
      expect(files.asked.filter(({ headers }) => headers.authorization !== undefined)).to.deep.equal([]);
      await Promise.all([index.close(), files.close()]);
    });
  }

  it('what requirements.txt and the files that it names ask for', async () => {
    await withIndex([wheel('one', '1.0'), wheel('one', '2.0'), wheel('two', '1.0')], async (index) => {
      const files = { 'requirements.txt': '# all\n-r more/base.txt\none\n', 'more/base.txt': '-c limits.txt\ntwo ; python_version > "3"\n', 'more/limits.txt': 'one<2\n' };
      await mirrored(index, (mirror) => install(pip, { files }, mirror, async ({ code, output, installed }) => {
        expect(code, output).to.equal(0);
        expect(installed).to.deep.equal([{ name: 'one', version: '1.0' }, { name: 'two', version: '1.0' }]);
      }));
    });
  });

  it('what the constraints of this machine allow, without which they would be other versions', async () => {
    await withIndex([wheel('one', '1.0'), wheel('one', '2.0'), wheel('two', '1.0', { requires: ['one'] })], async (index) => {
      const set = setOf('pip', [INDEX], { constraints: async () => 'one<2\nnever-wanted==5\n' });
      await through(set, dialling({ 'index.example:80': index.port }), (mirror) => install(pip, { names: ['two'] }, mirror, async ({ code, output, installed }) => {
        expect(code, output).to.equal(0);
        expect(installed).to.deep.equal([{ name: 'one', version: '1.0' }, { name: 'two', version: '1.0' }]);
      }));
    });
  });

  it('what pyproject.toml asks for', async () => {
    await withIndex([wheel('one', '1.0')], async (index) => {
      await mirrored(index, (mirror) => install(pip, { files: { 'pyproject.toml': '[project]\nname = "mine"\nversion = "1"\ndependencies = ["one~=1.0"]\n' } }, mirror, async ({ code, output, installed }) => {
        expect(code, output).to.equal(0);
        expect(installed).to.deep.equal([{ name: 'one', version: '1.0' }]);
      }));
    });
  });

  it('what several indexes and folders of links have', async () => {
    await withIndex([wheel('one', '1.0')], async (first) => {
      const other = await serve(new Map([...pypi([wheel('two', '1.0'), wheel('three', '1.0')])].filter(([path]) => path !== '/simple/three/')));
      const links = await serve(new Map([['/dist/', { type: 'text/html', body: '<base href="http://other.example/files/"><a href=three-1.0-py3-none-any.whl>three</a>' }]]));
      const set = setOf('pip', [INDEX, { scope: 'extra', url: 'http://other.example/simple/' }, { scope: 'links', url: 'http://links.example/dist/' }]);
      const dial = dialling({ 'index.example:80': first.port, 'other.example:80': other.port, 'links.example:80': links.port });
      await through(set, dial, (mirror) => install(pip, { names: ['one', 'two', 'three'] }, mirror, async ({ code, output, installed }) => {
        expect(code, output).to.equal(0);
        expect(installed.map(({ name }) => name)).to.deep.equal(['one', 'three', 'two']);
      }));
      await Promise.all([other.close(), links.close()]);
    });
  });

  describe('nothing, and says why, where', () => {
    it('the registry has no such package, or no such version', async () => {
      await withIndex([wheel('one', '1.0'), wheel('one', '1.1')], async (index) => {
        expect((await failing(index, { names: ['unknown-thing'] })).meaning).to.match(/^The registry has no package unknown-thing that can be installed here/);
        expect((await failing(index, { names: ['one>=2'] })).meaning).to.equal('The registry has no version of one>=2 that fits. It has, for this version of Python: 1.0, 1.1.');
      });
    });

    it('a file has another hash than the page says', async () => {
      await withIndex([wheel('one', '1.0')], async (index) => {
        expect((await failing(index, { names: ['one'] })).meaning).to.match(/^A file that the registry sent does not have the hash that was expected/);
      }, { wrongHash: true });
    });

    it('packages need different versions of something', async () => {
      const made = [wheel('one', '1.0', { requires: ['base==1'] }), wheel('two', '1.0', { requires: ['base==2'] }), wheel('base', '1'), wheel('base', '2')];
      await withIndex(made, async (index) => {
        expect((await failing(index, { names: ['one', 'two'] })).meaning).to.match(/^These packages can't be installed together/);
      });
    });

    it('pyproject.toml asks for what no registry has', async () => {
      await withIndex([], async (index) => {
        const project = (text: string) => failing(index, { files: { 'pyproject.toml': text } });
        expect((await project('[project]\ndependencies = ["one @ https://evil.example/one.whl"]')).meaning).to.match(/one\.whl' is not in a registry/);
        expect((await project('[tool.poetry]\n')).meaning).to.match(/has no table \[project\]/);
      });
    });

    it('the registry fails, sends too little, or leads to a private address', async () => {
      const failures: Record<string, [Answerer, RegExp]> = {
        'status 500': [(_, response) => Boolean(response.writeHead(500).end('broken')), /^index\.example failed with status 500$/],
        'an answer that is cut off': [
          ({ url }, response) => {
            if (!url?.startsWith('/files/')) return false;
            response.writeHead(200, { 'content-length': '100000' });
            response.write('begin', () => response.destroy());
            return true;
          },
          /^index\.example ended its answer before it was whole$/,
        ],
        'a redirect': [(_, response) => Boolean(response.writeHead(302, { location: 'http://169.254.169.254/latest/' }).end()), /does not allow this session to reach 169\.254\.169\.254:80$/],
      };
      for (const [name, [before, trouble]] of Object.entries(failures)) {
        await withIndex([wheel('one', '1.0')], async (index) => {
          const failed = await failing(index, { names: ['one'] });
          expect(failed.trouble, name).to.match(trouble);
          // That no package was found is only what it looks like.
          expect(pip.explain(failed.output, failed.trouble), name).to.equal(`${failed.trouble}.`);
        }, { before });
      }
    });
  });

  it('nothing that a program which is built asks for at other hosts', async () => {
    const asks = `
import os, urllib.request
del os.environ['NO_PROXY'], os.environ['no_proxy']
index = os.environ['PIP_INDEX_URL'].split('/simple')[0]
for url in [index + '/-/origin/http/evil.example/80/', index + '//evil.example/', 'http://evil.example/']:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({'http': index} if url == 'http://evil.example/' else {}))
    try: opener.open(url)
    except urllib.error.HTTPError as fault: print('answer', fault.code)
try: urllib.request.urlopen(urllib.request.Request(index + '/simple/', data=b'secret'))
except urllib.error.HTTPError as fault: print('sent', fault.code)
`;
    await withIndex([sdist('curious', '1.0', asks)], async (index) => {
      const dialled: string[] = [];
      await through(setOf('pip', [INDEX], { variables: { PIP_RETRIES: '0' } }), dialling({ 'index.example:80': index.port }, dialled), async (mirror) => {
        await install(pip, { names: ['curious'] }, mirror, async ({ code, output }) => expect(code, output).to.equal(0));
        expect(new Set(dialled)).to.deep.equal(new Set(['index.example:80']));
        expect(mirror.mirrors.trouble()).to.match(/^(?:an installation only reads from a registry|a request that asks)/);
      });
    });
  });
});

describe('pip takes', () => {
  const takes = (...names: string[]) => () => pip.checkNames(names);

  it('names with extras, versions and markers', () => {
    for (const name of ['six', 'Flask', 'zope.interface', 'requests[socks, security]', 'a==1.0', 'a ~= 1.4.2', 'a>=1,<2', 'a!=1.*', 'a===1-local', 'a (>=1)', 'a; python_version < "3.9"', 'a[b]>=1 ; sys_platform == "linux"']) {
      expect(takes(name), name).not.to.throw();
    }
  });

  it('no addresses, files, options and other things (F-F5)', () => {
    for (const name of ['', ' ', '-e .', '--index-url=http://evil.example', '-r', '.', './a', '/etc/passwd', 'a/b', 'a.whl', 'a.tar.gz', 'git+https://evil.example/a', 'a @ https://evil.example/a.whl', 'a@http://x', 'a b', 'a;b\n', 'a==', 'é', 'a\u0000', 'a[', 'a>=1;', '~a', 'C:\\a', 'a==1 --hash=x', `a${'x'.repeat(2000)}`]) {
      expect(takes('six', name), JSON.stringify(name)).to.throw().with.property('kind', 'InvalidParams');
    }
  });

  it('files of requirements as pip reads them, and no more', async () => {
    const fault = (text: string, more: Record<string, string> = {}) => gather(pip, { 'requirements.txt': text, ...more }).then(() => undefined, (error: Error) => error.message);
    expect(await fault('\ufeffone == 1.0 \\\n  --hash=sha256:ab --hash=sha256:cd # why\n\n   # two\n--pre\n--only-binary :all:\nthree[a]>=1; python_version>"3"\n')).to.equal(undefined);
    expect(await fault('one\n-e .\n')).to.match(/^manifest: requirements\.txt, line 2: -e can't be used here\. The workspace itself/);
    expect(await fault('--index-url https://evil.example/simple\n')).to.match(/line 1: --index-url can't be used here\. Packages come from the registries/);
    expect(await fault('-i https://evil.example/simple\n')).to.match(/-i can't be used/);
    expect(await fault('--extra-index-url=https://evil.example\n')).to.match(/--extra-index-url can't be used/);
    expect(await fault('one @ https://evil.example/one.whl\n')).to.match(/names an address/);
    expect(await fault('./one\n')).to.match(/names a file/);
    expect(await fault('one\\\n==1 --hash=sha256:00\n-r ../../etc/passwd\n')).to.match(/line 3: \.\.\/\.\.\/etc\/passwd is outside the workspace/);
    expect(await fault('-rmore.txt\n')).to.match(/line 1: there is no file more\.txt/);
    expect(await fault('-r https://evil.example/r.txt\n')).to.match(/is an address/);
    expect(await fault('-r a.txt\n', { 'a.txt': '--requirement=requirements.txt\n-c\tb.txt', 'b.txt': 'x<2' })).to.equal(undefined);
  });

  it('a file of requirements as locked where every requirement has a hash', async () => {
    const locked = async (text: string) => pip.isLocked({ names: [], manifest: await gather(pip, { 'requirements.txt': text }) });
    expect(await locked('one==1 --hash=sha256:00\ntwo==1 \\\n --hash=sha256:11')).to.equal(true);
    expect(await locked('one==1 --hash=sha256:00\ntwo==1')).to.equal(false);
  });
});

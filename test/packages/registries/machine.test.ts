/** What is read of this machine is what the managers themselves say, with the same files and variables. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { gemRegistries } from '../../../server/src/packages/registries/gem.ts';
import { goRegistries } from '../../../server/src/packages/registries/go.ts';
import { machineOf } from '../../../server/src/packages/registries/machine.ts';
import { readNetrc } from '../../../server/src/packages/registries/netrc.ts';
import { npmRegistries } from '../../../server/src/packages/registries/npm.ts';
import { pipRegistries } from '../../../server/src/packages/registries/pip.ts';
import type { Machine, RegistrySet } from '../../../server/src/packages/registries/registry.ts';
import { need, program } from '../../require.ts';

interface Made {
  readonly machine: Machine;
  readonly home: string;
  /** Runs a program of the machine that was made. */
  ask(command: string, ...args: string[]): Promise<string>;
}

/** A home folder with these files, and variables in which HOME is that folder. */
async function withHome<T>(files: Readonly<Record<string, string>>, variables: Readonly<Record<string, string>>, use: (made: Made) => Promise<T>): Promise<T> {
  const home = await mkdtemp(join(tmpdir(), 'codebeaker-home-'));
  const inHome = (text: string) => text.replaceAll('HOME', home);
  try {
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(home, path)), { recursive: true });
      await writeFile(join(home, path), inHome(text));
    }
    // A file in the folder in which a manager runs belongs to a project.
    const cwd = join(home, 'elsewhere');
    await mkdir(cwd);
    const env = { PATH: process.env.PATH ?? '', HOME: home, ...Object.fromEntries(Object.entries(variables).map(([name, value]) => [name, inHome(value)])) };
    const machine = machineOf({ env, home, platform: process.platform });
    return await use({ machine, home, ask: async (command, ...args) => (await promisify(execFile)(command, args, { cwd, env })).stdout.trim() });
  } finally {
    await rm(home, { recursive: true });
  }
}

const urls = ({ registries }: RegistrySet) => registries.map(({ scope, url }) => (scope === undefined ? url : `${scope} ${url}`));
const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;

describe('npm is read', () => {
  before(need('npm', program('npm')));

  const npmrc = `
; a comment
registry = "https://npm.example:8443/main"
@team:registry=https://team.example/api/npm/   ; why
@other:registry=https://\${HOST_NAME}/npm/
//npm.example:8443/main/:_authToken=\${TOKEN}
//team.example/api/npm/:username=me
//team.example/api/npm/:_password=${Buffer.from('my:word').toString('base64')}
//other.example/:_auth=${Buffer.from('a:b').toString('base64')}
strict-ssl=false
https-proxy=http://proxy.example:3128
noproxy[]=.example.org
`;

  it('as `npm config get` says, with scopes, credentials and variables', async () => {
    await withHome({ '.npmrc': npmrc }, { TOKEN: 'secret', HOST_NAME: 'other.example' }, async ({ machine, ask }) => {
      const set = await npmRegistries(machine);
      const told = await Promise.all(['registry', '@team:registry', '@other:registry'].map((name) => ask('npm', 'config', 'get', name)));
      const folders = told.map((url) => url.replace(/\/*$/, '/'));
      expect(urls(set)).to.deep.equal([folders[0], `@team ${folders[1]}`, `@other ${folders[2]}`]);
      expect(urls(set)[0]).to.equal('https://npm.example:8443/main/');
      const authorization = (url: string) => set.authorization(new URL(url));
      expect(authorization('https://npm.example:8443/main/one/-/one-1.tgz')).to.equal('Bearer secret');
      expect(authorization('https://npm.example:8443/elsewhere')).to.equal(undefined);
      expect(authorization('https://npm.example/main/one')).to.equal(undefined);
      expect(authorization('https://team.example/api/npm/x')).to.equal(basic('me:my:word'));
      expect(authorization('https://other.example/npm/x')).to.equal(basic('a:b'));
      expect(set.insecure('https://npm.example:8443')).to.equal(true);
      expect(set.insecure('https://files.example')).to.equal(false);
      expect(set.proxy(new URL('https://npm.example/'))).to.equal('http://proxy.example:3128');
    });
  });

  it('with the same precedence of files and variables', async () => {
    const files = {
      '.npmrc': 'registry=https://user.example/\n@a:registry=https://user.example/a/', 'prefix/etc/npmrc': 'registry=https://global.example/\n@a:registry=https://global.example/a/\n@b:registry=https://global.example/b/',
      'other/npmrc': 'registry=https://other.example/',
    };
    const cases: Record<string, string>[] = [
      { PREFIX: 'HOME/prefix' }, { npm_config_prefix: 'HOME/prefix' }, { npm_config_userconfig: 'HOME/other/npmrc', PREFIX: 'HOME/prefix' },
      { npm_config_globalconfig: 'HOME/prefix/etc/npmrc' }, { NPM_CONFIG_REGISTRY: 'https://env.example/', PREFIX: 'HOME/prefix' }, {},
    ];
    for (const variables of cases) {
      await withHome(files, variables, async ({ machine, ask }) => {
        const set = await npmRegistries(machine);
        const of = (scope: string | undefined) => set.registries.find((each) => each.scope === scope)?.url ?? 'undefined';
        const told = await Promise.all(['registry', '@a:registry', '@b:registry'].map((name) => ask('npm', 'config', 'get', name)));
        expect([of(undefined), of('@a'), of('@b')], JSON.stringify(variables)).to.deep.equal(told);
      });
    }
  });

  it('with credentials in the forms of older versions', async () => {
    const form = async (text: string) => withHome({ '.npmrc': text }, {}, async ({ machine }) => (await npmRegistries(machine)).authorization(new URL('https://registry.npmjs.org/one')));
    expect(await form('_authToken=secret')).to.equal('Bearer secret');
    expect(await form('_auth=YTpi')).to.equal('Basic YTpi');
    expect(await form('username=me\n_password=d29yZA==')).to.equal(basic('me:word'));
    expect(await form('registry=https://me:word@registry.npmjs.org/')).to.equal(basic('me:word'));
    expect(await form('//registry.npmjs.org/:_authToken=secret')).to.equal('Bearer secret');
    expect(await form('//other.example/:_authToken=secret')).to.equal(undefined);
  });
});

describe('pip is read', function () {
  before(need('pip', program('python3')));

  const files = {
    '.pip/pip.conf': '[global]\nindex-url = https://old.example/simple\ntimeout = 5\n',
    '.config/pip/pip.conf': '[global]\n# a comment\nindex_url: https://me:w%%40rd@pip.example/simple\nextra-index-url =\n    https://one.example/simple\n    https://two.example/simple/\n[install]\nfind-links = https://links.example/page.html\n    /opt/here\ntrusted-host = pip.example\n',
    'named.conf': '[install]\nindex-url = https://named.example/simple\n',
    '.netrc': 'machine one.example login me password word\n',
  };

  it('as `pip config list` says, with credentials', async () => {
    for (const variables of [{}, { PIP_CONFIG_FILE: 'HOME/named.conf' }, { PIP_INDEX_URL: 'https://env.example/simple' }, { PIP_CONFIG_FILE: '/dev/null' }, { XDG_CONFIG_HOME: 'HOME/nothing' }] as Record<string, string>[]) {
      // The files of this machine itself count as well, for both.
      await withHome({ ...files, '.config/pip/pip.conf': files['.config/pip/pip.conf'].replace('%%', '%') }, variables, async ({ machine, ask }) => {
        const told = new Map((await ask('python3', '-m', 'pip', 'config', 'list')).split('\n').map((line) => /^(\S+?)='(.*)'$/s.exec(line)?.slice(1) as [string, string]).filter(Boolean));
        const value = (name: string) => told.get(`:env:.${name}`) ?? told.get(`install.${name}`) ?? told.get(`global.${name}`);
        const folder = (text: string) => text.replace(/\/\/[^/]*@/, '//').replace(/\/*$/, '/');
        const lists = (name: string) => (value(name) ?? '').replaceAll('\\n', ' ').split(/\s+/).filter((each) => /^https?:/.test(each));
        const set = await pipRegistries(machine);
        expect(urls(set), JSON.stringify(variables)).to.deep.equal([
          folder(value('index-url') ?? 'https://pypi.org/simple'), ...lists('extra-index-url').map((each) => `extra ${folder(each)}`), ...lists('find-links').map((each) => `links ${each}`),
        ]);
      });
    }
  });

  it('with the credentials of addresses and .netrc, for their hosts alone', async () => {
    await withHome({ ...files, '.config/pip/pip.conf': files['.config/pip/pip.conf'].replace('%%', '%') }, {}, async ({ machine }) => {
      const set = await pipRegistries(machine);
      const authorization = (url: string) => set.authorization(new URL(url));
      expect(authorization('https://pip.example/files/x.whl')).to.equal(basic('me:w@rd'));
      expect(authorization('https://one.example/simple/')).to.equal(basic('me:word'));
      expect(authorization('https://two.example/simple/')).to.equal(undefined);
      expect(set.insecure('https://pip.example')).to.equal(true);
      expect(set.notes.join()).to.match(/lie on this machine \(find-links\)/);
      expect(JSON.stringify(set)).not.to.match(/w@rd|w%40rd/);
    });
  });
});

describe('client certificates are read', () => {
  const pem = (what: string, text: string) => `-----BEGIN ${what}-----\n${Buffer.from(text).toString('base64')}\n-----END ${what}-----`;
  const [cert, key] = [pem('CERTIFICATE', 'me'), pem('PRIVATE KEY', 'secret')];
  const files = { 'me.pem': `${key}\n${cert}\n`, 'cert.pem': cert, 'key.pem': key };
  const told = (set: RegistrySet, url: string) => set.identity?.(new URL(url));

  it('of npm, for the host, or for all registries', async () => {
    await withHome({ ...files, '.npmrc': 'registry=https://npm.example/a/\n@team:registry=https://team.example/\n//npm.example/a/:certfile=HOME/cert.pem\n//npm.example/a/:keyfile=HOME/key.pem\n//else.example/:certfile=HOME/cert.pem\n//else.example/:keyfile=HOME/key.pem\n' }, {}, async ({ machine }) => {
      const set = await npmRegistries(machine);
      expect(await told(set, 'https://npm.example/a/x')).to.deep.equal({ cert, key });
      for (const url of ['https://team.example/x', 'https://else.example/', 'https://npm.example:8443/a/']) expect(await told(set, url), url).to.equal(undefined);
    });
    await withHome({ '.npmrc': `registry=https://npm.example/\ncert="${cert.replaceAll('\n', '\\n')}"\nkey="${key.replaceAll('\n', '\\n')}"\n` }, {}, async ({ machine }) => {
      const set = await npmRegistries(machine);
      expect([await told(set, 'https://npm.example/x'), await told(set, 'https://files.example/x')]).to.deep.equal([{ cert, key }, undefined]);
    });
  });

  it('of pip, gem and Bundler, from one file, for their registries', async () => {
    const conf = { ...files, 'pip.conf': '[global]\nindex-url = https://pip.example/simple\nclient-cert = HOME/me.pem\n', '.gemrc': ':sources: [https://gem.example/]\n:ssl_client_cert: HOME/me.pem\n' };
    await withHome(conf, { PIP_CONFIG_FILE: 'HOME/pip.conf' }, async ({ machine }) => {
      for (const [set, ours] of [[await pipRegistries(machine), 'https://pip.example/x'], [await gemRegistries(machine), 'https://gem.example/x']] as const) {
        expect([await told(set, ours), await told(set, 'https://other.example/')]).to.deep.equal([{ cert, key }, undefined]);
        expect(JSON.stringify(set)).not.to.contain('BEGIN');
      }
    });
    await withHome({ ...conf, 'me.pem': cert }, { PIP_CONFIG_FILE: 'HOME/pip.conf' }, async ({ machine }) => {
      expect(await told(await pipRegistries(machine), 'https://pip.example/x'), 'without a key').to.equal(undefined);
    });
  });
});

describe('the constraints of pip are read', () => {
  const reading = (files: Readonly<Record<string, string>>, variables: Readonly<Record<string, string>> = {}) =>
    withHome(files, variables, async ({ machine }) => {
      const set = await pipRegistries(machine);
      return { text: await set.constraints?.(), notes: set.notes.join() };
    });
  const conf = (text: string) => ({ '.config/pip/pip.conf': `[global]\n${text}` });

  it('with the files that they name, from the variable or the file', async () => {
    const files = { ...conf('constraint = HOME/ca/all.txt\n'), 'ca/all.txt': '# all\n-c more.txt\none<2 # old\n', 'ca/more.txt': '-c all.txt\ntwo ; python_version > "3"\n', 'named.txt': 'three==3 --hash=sha256:00\n' };
    expect(await reading(files)).to.deep.equal({ text: 'one<2\ntwo ; python_version > "3"\n', notes: '' });
    expect((await reading(files, { PIP_CONSTRAINT: 'HOME/named.txt file://HOME/ca/more.txt' })).text).to.equal('three==3 --hash=sha256:00\ntwo ; python_version > "3"\none<2\n');
    expect((await reading(conf('constraint = HOME/ca/all.txt\n'), { PIP_CONFIG_FILE: '/dev/null' })).text).to.equal(undefined);
  });

  it('and a note tells of those that are no files of this machine', async () => {
    expect(await reading(conf('constraint =\n  https://example.com/upper.txt\n  here.txt\n'))).to.deep.equal({ text: undefined, notes: 'pip is set up with constraints at an address, or at a path that is not absolute, which are not used.' });
  });

  for (const [what, files, why] of [
    ['are missing', conf('constraint = HOME/ca/none.txt\n'), "none.txt can't be read"],
    ['name an address', { ...conf('constraint = HOME/all.txt\n'), 'all.txt': 'one\ntwo @ https://example.com/two.whl\n' }, 'line 2 of all.txt names an address; only packages of registries can be installed'],
    ['have options', { ...conf('constraint = HOME/all.txt\n'), 'all.txt': '--index-url https://example.com\n' }, 'line 1 of all.txt is an option'],
  ] as [string, Record<string, string>, string][]) {
    it(`and refused where they ${what}, since what must not be installed would be`, async () => {
      const fault = await reading(files).then(() => undefined, (thrown: unknown) => thrown as Error);
      expect(fault?.message).to.equal(`pip is set up with constraints on this machine, which can't be kept in a sandbox: ${why}. Correct them, or set PIP_CONSTRAINT for the daemon to a file that a sandbox can use.`);
    });
  }
});

describe('gem and Bundler are read', function () {
  before(need('gem', program('gem')));

  const gemrc = `---
:backtrace: false
:sources:
- https://me:word@gems.example/private   # why
- "https://other.example/"
:ssl_verify_mode: 0
gem: --no-document
`;

  it('as `gem sources` says', async () => {
    for (const [text, variables] of [[gemrc, {}], [':sources: [https://a.example/, "https://b.example"]\n', {}], ['gem: --no-document\n', {}], [gemrc, { GEMRC: 'HOME/more' }]] as [string, Record<string, string>][]) {
      await withHome({ '.gemrc': text, more: ':sources:\n  - https://more.example/\n' }, variables, async ({ machine, ask }) => {
        const told = (await ask('gem', 'sources')).split('\n').filter((line) => /^https?:/.test(line)).map((line) => line.replace(/\/\/[^/]*@/, '//').replace(/\/*$/, '/'));
        expect((await gemRegistries(machine)).registries.filter(({ scope }) => scope === undefined).map(({ url }) => url)).to.deep.equal(told);
      });
    }
  });

  it('with mirrors and credentials of Bundler, as `bundle config` says', async function () {
    if ((await program('bundle')()) !== undefined) await need('bundle', program('bundle')).call(this);
    const config = '---\nBUNDLE_MIRROR__HTTPS://RUBYGEMS__ORG/: "https://cache.example/gems/"\nBUNDLE_GEMS__EXAMPLE: "you:secret"\nBUNDLE_SSL_CA_CERT: "/none"\n';
    await withHome({ '.gemrc': ':sources:\n- https://gems.example/\n', '.bundle/config': config }, { BUNDLE_CACHE__EXAMPLE: 'me:word' }, async ({ machine, ask }) => {
      const set = await gemRegistries(machine);
      expect(urls(set)).to.deep.equal(['https://gems.example/', 'https://rubygems.org/ https://cache.example/gems/']);
      expect(await ask('bundle', 'config', 'get', 'mirror.https://rubygems.org')).to.contain('https://cache.example/gems/');
      expect(set.authorization(new URL('https://gems.example/x'))).to.equal(basic('you:secret'));
      expect(set.authorization(new URL('https://cache.example/x'))).to.equal(basic('me:word'));
    });
  });

  for (const [written, meant] of [['p%40ss%3A+1', 'p@ss: 1'], ['100%', '100%']] as const) {
    it(`with the password ${meant}, which is written ${written}`, async () => {
      await withHome({ '.gemrc': ':sources:\n- https://gems.example/\n' }, { BUNDLE_GEMS__EXAMPLE: `you:${written}` }, async ({ machine }) =>
        expect((await gemRegistries(machine)).authorization(new URL('https://gems.example/x'))).to.equal(basic(`you:${meant}`)),
      );
    });
  }

  it('so that rubygems.org in a Gemfile means the source of this machine', async () => {
    await withHome({ '.gemrc': ':sources:\n- https://gems.example/\n' }, {}, async ({ machine }) =>
      expect(urls(await gemRegistries(machine))).to.deep.equal(['https://gems.example/', 'https://rubygems.org/ https://gems.example/']),
    );
  });
});

describe('go is read', () => {
  before(need('go', program('go')));

  it('as `go env` says', async () => {
    const file = 'GOPROXY=https://me:word@go.example/proxy|https://proxy.golang.org,direct\nGOPRIVATE=corp.example/*\nGOSUMDB=sum.golang.org\n';
    for (const variables of [{}, { GOPROXY: 'https://env.example,off' }, { GOENV: 'off' }, { GOENV: 'HOME/other' }, { GONOSUMDB: 'x.example', GOSUMDB: 'off' }] as Record<string, string>[]) {
      await withHome({ '.config/go/env': file, other: 'GOSUMDB=db.example+1+AA https://db.example/path\n' }, variables, async ({ machine, ask }) => {
        const [proxy = '', none = '', noSum = '', sum = ''] = (await ask('go', 'env', 'GOPROXY', 'GONOPROXY', 'GONOSUMDB', 'GOSUMDB')).split('\n');
        const set = await goRegistries(machine);
        const told = proxy.split(/[,|]/).filter((each) => /^https?:/.test(each)).map((each) => each.replace(/\/\/[^/]*@/, '//').replace(/\/*$/, '/'));
        expect(set.registries.map(({ url }) => url), JSON.stringify(variables)).to.deep.equal(told);
        expect(set.variables).to.deep.equal({ GOSUMDB: sum.split(' ')[0], GONOSUMDB: noSum, GONOPROXY: none });
      });
    }
  });

  it('with what stands between the proxies, credentials, and the address of the checksum database', async () => {
    const variables = { GOPROXY: 'https://me:word@a.example|https://b.example,https://c.example', GOSUMDB: 'db.example+1+AA https://db.example/path' };
    await withHome({}, variables, async ({ machine }) => {
      const set = await goRegistries(machine);
      expect(urls(set)).to.deep.equal(['https://a.example/', '| https://b.example/', 'https://c.example/']);
      expect(set.authorization(new URL('https://a.example/x'))).to.equal(basic('me:word'));
      expect(set.sumdb).to.deep.equal({ name: 'db.example', url: 'https://db.example/path/' });
    });
  });
});

describe('.netrc', () => {
  it('is read with quotes, comments, macros and a default', () => {
    const known = readNetrc('# machine no.example login a password b\nmachine one.example\n  login me\n  password "a b\\"c"\nmacdef init\ncd /pub\nmachine two.example login x password y\n\nmachine three.example login u account z password w\ndefault login d password e');
    expect(Object.fromEntries(known)).to.deep.equal({ 'one.example': basic('me:a b"c'), 'three.example': basic('u:w'), '': basic('d:e') });
  });
});

/** Which registries an installation gets: those of the configuration, else those of this machine; a client may choose among them. */
import { type AddressInfo, createServer } from 'node:net';
import { inspect } from 'node:util';
import { expect } from 'chai';
import { systemClock } from '../../../server/src/base/clock.ts';
import type { Ways } from '../../../server/src/network/dial.ts';
import { defaultBounds } from '../../../server/src/packages/registries/bounds.ts';
import { type Configured, configuredSet } from '../../../server/src/packages/registries/configured.ts';
import { diallerFor } from '../../../server/src/packages/registries/dialler.ts';
import { createRegistries } from '../../../server/src/packages/registries/registries.ts';
import type { Machine } from '../../../server/src/packages/registries/registry.ts';
import { dialling, setOf, silent } from '../indexes/install.ts';

const bare: Machine = { env: {}, home: '/nowhere', platform: 'linux', read: async () => undefined, find: async () => undefined };
const registries = (configured: Configured = {}, machine = bare) => createRegistries({ machine, configured, dialler: () => dialling({}), bounds: defaultBounds, log: silent });
const fault = (work: Promise<unknown>) => work.then(() => undefined, (error: Error & { kind?: string }) => `${error.kind}: ${error.message}`);

describe('registries', () => {
  it('are the public ones where nothing is set up', async () => {
    const open = async (manager: 'npm' | 'pip' | 'gem' | 'go') => (await registries().open(manager, undefined)).all.map(({ origin }) => origin);
    expect(await open('npm')).to.deep.equal(['https://registry.npmjs.org/']);
    expect(await open('pip')).to.deep.equal(['https://pypi.org/simple/']);
    expect(await open('gem')).to.deep.equal(['https://rubygems.org/']);
    expect(await open('go')).to.deep.equal(['https://proxy.golang.org/']);
  });

  it('are those of the configuration in place of those of this machine, with their credentials', () => {
    const configured: Configured = {
      npm: { url: 'https://all.example/npm', token: 'hush', scopes: { '@team': { url: 'https://all.example/team/', username: 'me', password: 'word' } } },
      pip: { url: 'https://pip.example/simple' }, gem: { url: 'https://gems.example' },
    };
    const set = configuredSet('npm', configured, setOf('npm', ['https://machine.example/']));
    expect(set.registries).to.deep.equal([{ scope: undefined, url: 'https://all.example/npm/' }, { scope: '@team', url: 'https://all.example/team/' }]);
    expect(set.authorization(new URL('https://all.example/npm/one'))).to.equal('Bearer hush');
    expect(set.authorization(new URL('https://all.example/team/x'))).to.equal(`Basic ${Buffer.from('me:word').toString('base64')}`);
    expect(set.authorization(new URL('https://all.example/elsewhere'))).to.equal(undefined);
    expect(set.authorization(new URL('https://machine.example/'))).to.equal(undefined);
    expect(inspect(set, { depth: 10 })).not.to.match(/hush|word/);
    expect(configuredSet('pip', configured, setOf('pip', [])).registries).to.deep.equal([{ scope: undefined, url: 'https://pip.example/simple/' }]);
    expect(configuredSet('gem', configured, setOf('gem', [])).registries).to.deep.equal([{ scope: undefined, url: 'https://gems.example/' }, { scope: 'all', url: 'https://gems.example/' }]);
    expect(configuredSet('go', configured, setOf('go', ['https://go.example/'])).registries).to.deep.equal([{ scope: undefined, url: 'https://go.example/' }]);
  });

  it('may be chosen by a client, and no others', async () => {
    const machine = { ...bare, env: { PIP_EXTRA_INDEX_URL: 'https://extra.example/simple' } };
    const { all } = await registries({}, machine).open('pip', 'https://extra.example/simple');
    expect(all.map(({ origin, scope }) => [origin, scope])).to.deep.equal([['https://extra.example/simple/', undefined]]);
    expect(await fault(registries({}, machine).open('pip', 'https://evil.example/simple'))).to.match(/^PolicyDenied: registry: it is none of the registries/);
  });

  it('that a sandbox can not have are told in words', async () => {
    expect(await fault(registries({}, { ...bare, env: { PIP_NO_INDEX: '1' } }).open('pip', undefined))).to.match(/^PackageInstallFailed: pip has no registry .* pip is set up without any index \(no-index\)\. The key packages\.registries/);
    expect(await fault(registries({}, { ...bare, env: { GOPROXY: 'direct' } }).open('go', undefined))).to.match(/^PackageInstallFailed: go has no registry/);
    expect((await registries({}, { ...bare, env: { GOPROXY: 'https://a.example,direct' } }).open('go', undefined)).notes).to.deep.equal(['A sandbox has Go modules only from a proxy of modules; what no proxy has is not fetched from where it is developed.']);
    expect((await registries({}, { ...bare, env: { PIP_EXTRA_INDEX_URL: 'file:///opt/x' } }).open('pip', undefined)).notes).to.deep.equal(['pip is set up with packages that lie on this machine (an index), which a sandbox does not see.']);
  });
});

describe('what leads to registries', () => {
  const addresses: Readonly<Record<string, string>> = { 'pip.corp': '10.1.2.3', 'evil.example': '10.1.2.3', 'fine.example': '93.184.216.34', 'other.corp': '127.0.0.1' };

  /** The address to which a connection to this place leads, or why there is none. */
  async function way(host: string): Promise<string> {
    const dialled: string[] = [];
    const stop = () => Promise.reject(Object.assign(new Error('stop'), { code: 'ECONNREFUSED' }));
    const ways: Ways = {
      resolve: async (name) => [addresses[name] ?? ''].filter(Boolean), own: () => ['192.0.2.1'], upstream: () => undefined,
      connect: (address, port) => (dialled.push(`${address}:${port}`), stop()),
    };
    const set = setOf('pip', ['https://pip.corp/simple/']);
    const words = await diallerFor(ways, systemClock)(set)(host, 443, new AbortController().signal).then(() => '', (fault: Error) => fault.message);
    return dialled[0] ?? words;
  }

  it('leads to the addresses of the registries themselves wherever these are, and elsewhere only to public ones', async () => {
    expect(await way('pip.corp')).to.equal('10.1.2.3:443');
    expect(await way('fine.example')).to.equal('93.184.216.34:443');
    for (const host of ['evil.example', 'other.corp', '10.1.2.3', '169.254.169.254', '127.0.0.1', '[::1]', '192.0.2.1', '2130706433', '0x7f.1']) expect(await way(host), host).to.match(/does not allow|is no name/);
  });
});

describe('the proxy with which a manager is set up', () => {
  it('is asked for a way, with its credentials', async () => {
    const heard = new Promise<string>((resolve) => void server.once('connection', (socket) => socket.once('data', (bytes: Buffer) => (socket.end('HTTP/1.1 502 no\r\n\r\n'), resolve(bytes.toString())))));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const set = setOf('npm', ['https://npm.example/'], { proxy: () => `http://me:word@127.0.0.1:${(server.address() as AddressInfo).port}` });
    const ways: Ways = { resolve: () => Promise.reject(new Error('unknown')), own: () => [], upstream: () => undefined, connect: () => Promise.reject(new Error('direct')) };
    await diallerFor(ways, systemClock)(set)('npm.example', 443, new AbortController().signal).catch(() => undefined);
    const text = await heard;
    expect(text).to.match(/^CONNECT npm\.example:443 HTTP\/1\.1\r\n/);
    expect(text.toLowerCase()).to.contain(`proxy-authorization: basic ${Buffer.from('me:word').toString('base64')}`.toLowerCase());
  });

  const server = createServer();
  after(() => server.close());
});

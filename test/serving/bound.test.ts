/** Sessions that name a secret which is bound to hosts, as a client sees them: what their programs trust and get, and what is told. */
import { expect } from 'chai';
import { X509Certificate } from 'node:crypto';
import { type FakePackages, fakePackages } from '../fakes/packages.ts';
import { type DaemonOptions, withDaemon } from './daemon.ts';

const VALUE = 'hunter2-of-the-host';
const config: NonNullable<DaemonOptions['config']> = {
  network: { modes: ['allowlist', 'full'] },
  secrets: {
    API: { env: 'A', hosts: ['api.example', 'api.example:8443'], header: 'Authorization', value: 'Bearer {}' },
    KEY: { env: 'B', hosts: ['api.example'], header: 'X-Key' },
    PLAIN: { env: 'C' },
  },
};
const network = { mode: 'allowlist', hosts: ['api.example'] };

describe('a session with a secret that is bound to hosts', () => {
  let packages: FakePackages;
  beforeEach(() => (packages = fakePackages()));
  afterEach(() => packages.dispose());

  const options = (): DaemonOptions => ({ connections: true, packages, config, secret: async () => VALUE, certificates: async () => ['of this machine'] });
  /** The certificates that a session's programs trust beside those of the machine. */
  const shown = (text = '') => text.split(/\n(?=-----BEGIN)/).map((each) => each.trim());

  it('gives its programs an authority of its own and no value, and says so', () =>
    withDaemon(options(), async (daemon) => {
      await daemon.initialize();
      const { sessionId, isolation } = await daemon.result('session/create', { language: 'python', network, secretNames: ['API', 'KEY', 'PLAIN'] });
      expect(isolation.layers.at(-1)).to.deep.equal({
        name: 'secrets', state: 'enforced',
        detail: 'outside of the sandbox API is put into the header Authorization of requests to api.example:443, api.example:8443; KEY is put into the header X-Key of requests to api.example:443; for that, the daemon ends TLS to these hosts, and to no others',
      });
      await daemon.result('command/runCode', { sessionId, code: 'print "a"' });
      expect(daemon.sandbox.processes.at(-1)?.program.env).to.include({ PLAIN: VALUE, SSL_CERT_FILE: '/shown/certificates.pem' }).and.not.to.have.any.keys('API', 'KEY');
      const [others, own] = shown(daemon.sandbox.shown.get('certificates.pem'));
      expect([others, new X509Certificate(own ?? '').subject]).to.deep.equal(['of this machine', 'CN=CodeBeaker for one session']);
      await daemon.session({ network, secretNames: ['API'] });
      expect(shown(daemon.sandbox.shown.get('certificates.pem'))[1], 'another session').not.to.equal(own);
      const plain = await daemon.result('session/create', { network });
      expect(shown(daemon.sandbox.shown.get('certificates.pem'))).to.deep.equal(['of this machine']);
      expect(plain.isolation.layers.map(({ name }: { name: string }) => name)).not.to.include('secrets');
      expect(JSON.stringify([daemon.wire.received, daemon.server.lines])).not.to.contain(VALUE);
    }));

  it('has its authority among the public ones where programs trust what is in their image', () =>
    withDaemon({ ...options(), certificates: async (wanted) => (wanted === 'image' ? [] : ['of this machine']), config: { ...config, network: { ...config.network, certificates: 'image' } } }, async (daemon) => {
      await daemon.initialize();
      await daemon.session({ network, secretNames: ['API'] });
      const all = shown(daemon.sandbox.shown.get('certificates.pem'));
      expect([all.length > 50, new X509Certificate(all.at(-1) ?? '').subject]).to.deep.equal([true, 'CN=CodeBeaker for one session']);
    }));

  it('is not made where it does not reach the hosts, and the secret is not got then', () => {
    let got = 0;
    return withDaemon({ ...options(), secret: async () => `${VALUE}${got++}` }, async (daemon) => {
      await daemon.initialize();
      for (const reach of [undefined, { mode: 'none' }, { mode: 'allowlist', hosts: ['api.example:443'] }, { mode: 'allowlist', hosts: ['other.example'] }]) {
        expect((await daemon.fault('session/create', { network: reach, secretNames: ['API'] })).message).to.match(/^secretNames\.0: the secret API is bound to api\.example:\d+, which this session does not reach/);
      }
      expect(got).to.equal(0);
    });
  });

  it('is not made in a sandbox that can be shown no certificates, or with a value that no header takes', async () => {
    const { packages: _, ...without } = options();
    await withDaemon(without, async (daemon) => {
      await daemon.initialize();
      expect((await daemon.fault('session/create', { network, secretNames: ['API'] })).message).to.contain("this runtime can't show certificates to programs, so no secret can be bound to hosts here");
      expect(daemon.sandbox.closes).to.equal(1);
    });
    await withDaemon({ ...options(), secret: async () => 'two\nlines' }, async (daemon) => {
      await daemon.initialize();
      const { message, data } = await daemon.fault('session/create', { network, secretNames: ['API'] });
      expect([message, data.kind]).to.deep.equal(["the secret API can't be put into a header, because it has other characters than letters, digits and signs of ASCII", 'PolicyDenied']);
    });
  });
});

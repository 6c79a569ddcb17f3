/** Which certificates the programs of sessions with a network are to trust. */
import { expect } from 'chai';
import { rootCertificates } from 'node:tls';
import { certificatesFor, rememberedCertificates } from '../../server/src/cli/certificates.ts';
import { ProtocolError } from '../../server/src/protocol/index.ts';
import { FakeClock } from '../fakes/clock.ts';

const certificate = (name: string) => `-----BEGIN CERTIFICATE-----\n${Buffer.from(name).toString('base64')}\n-----END CERTIFICATE-----`;

/** A machine with these files. */
function machine(files: Readonly<Record<string, string>>, env: Readonly<Record<string, string>> = {}) {
  const read: string[] = [];
  return { env, home: '/home/me', platform: 'linux', read: async (path: string) => (read.push(path), files[path]), find: async () => undefined, wasRead: read };
}

const beyond = (found: readonly string[]) => found.filter((each) => !rootCertificates.includes(each)).map((each) => Buffer.from(each.split('\n')[1] ?? '', 'base64').toString());

describe('the certificates for sessions', () => {
  it('are those of the public authorities, of the system, and of everything that is set up with more, each once and without keys', async () => {
    const files = {
      '/etc/ssl/certs/ca-certificates.crt': `${certificate('system')}\n${certificate('pip').replaceAll('\n', '\r\n')}\n${rootCertificates[0]?.replaceAll('\n', '\r\n')}`,
      '/ca/node.pem': `-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n${certificate('node')}`,
      '/ca/npm.pem': certificate('npm'), '/ca/pip.pem': certificate('pip'), '/ca/gem.pem': certificate('gem'),
      '/home/me/.npmrc': 'cafile=/ca/npm.pem\n', '/home/me/.config/pip/pip.conf': '[global]\ncert = /ca/pip.pem\n', '/home/me/.gemrc': ':ssl_ca_cert: /ca/gem.pem\n',
    };
    const host = machine(files, { NODE_EXTRA_CA_CERTS: '/ca/node.pem', SSL_CERT_FILE: '/ca/nothing.pem' });
    const found = await certificatesFor('host', host);
    expect(beyond(found.map((each) => each.replaceAll('\r', ''))).sort()).to.deep.equal(['gem', 'node', 'npm', 'pip', 'system']);
    expect(found.length).to.equal(rootCertificates.length + 5);
    expect(found.join('\n')).not.to.contain('PRIVATE KEY');
    expect(host.wasRead.length, 'each file is read once').to.equal(new Set(host.wasRead).size);
  });

  it('are those of the files that the configuration names, and the public ones, or none', async () => {
    const host = machine({ '/a.pem': `${certificate('a')}\n${certificate('b')}`, '/c.pem': certificate('c'), '/key.pem': 'a key' }, { NODE_EXTRA_CA_CERTS: '/c.pem' });
    const found = await certificatesFor(['/a.pem'], host);
    expect([beyond(found), found.length]).to.deep.equal([['a', 'b'], rootCertificates.length + 2]);
    expect(await certificatesFor('image', host)).to.deep.equal([]);
    for (const path of ['/key.pem', '/nothing.pem']) {
      const fault = await certificatesFor(['/a.pem', path], host).catch((thrown: unknown) => thrown);
      expect(fault).to.be.instanceOf(ProtocolError).with.property('message', "network.certificates: file 2 can't be read, or has no certificate in the format PEM; correct the configuration file");
    }
  });

  it('are remembered for a minute', async () => {
    const files: Record<string, string> = { '/a.pem': certificate('a') };
    const clock = new FakeClock();
    const certificates = rememberedCertificates(machine(files), clock);
    const wanted = ['/a.pem'];
    await certificates(wanted);
    files['/a.pem'] = certificate('b');
    expect(beyond(await certificates(wanted))).to.deep.equal(['a']);
    await clock.advance(60_000);
    expect(beyond(await certificates(wanted))).to.deep.equal(['b']);
  });
});

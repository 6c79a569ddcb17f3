/** What a secret is that is bound to hosts: what a configuration may say of it, which sessions may name it, and what becomes of its value. */
import { expect } from 'chai';
import { boundIssues } from '../../server/src/policy/hosts.ts';
import { requireReach } from '../../server/src/policy/secrets.ts';
import { type Network, ProtocolError, type SecretSource } from '../../server/src/protocol/index.ts';
import { secretsOf } from '../../server/src/secrets/secrets.ts';
import { faultOf } from '../session/bench.ts';

const API: SecretSource = { env: 'X', hosts: ['API.example.com', 'other.example.com:8443'], header: 'Authorization', value: 'Bearer {}' };
const KEY: SecretSource = { env: 'Y', hosts: ['api.example.com:443'], header: 'X-Key' };

describe('a secret that is bound to hosts', () => {
  it('is no variable of programs, and is taken out of output', async () => {
    const secrets = await secretsOf({ secretNames: ['API', 'PLAIN'] }, { API, PLAIN: { env: 'P' } }, async (name) => `$&value of ${name}`);
    expect(secrets?.env).to.deep.equal({ PLAIN: '$&value of PLAIN' });
    expect(secrets?.bound).to.deep.equal([{ name: 'API', places: ['api.example.com:443', 'other.example.com:8443'], header: 'Authorization', value: 'Bearer $&value of API' }]);
    expect(secrets?.redact('a $&value of API b')).to.equal('a *** b');
  });

  it('is refused where no header can have it', async () => {
    for (const [value, words] of [['two\r\nX-Lines: yes', 'other characters'], ['ü', 'other characters'], ['x'.repeat(8193), 'more than 8192 bytes']] as const) {
      const fault = await faultOf(secretsOf({ secretNames: ['API'] }, { API }, async () => value));
      expect(fault.message).to.contain("the secret API can't be put into a header, because it has").and.to.contain(words).and.not.to.contain(value);
    }
  });

  it('names hosts and a header that can have it', () => {
    const issues = (source: object) => boundIssues({ API: { ...API, ...source } }).map(({ path, message }) => `${path}: ${message}`);
    expect(issues({})).to.deep.equal([]);
    for (const host of ['*.example.com', '192.0.2.1', 'https://example.com', 'example.com:0', '']) {
      expect(issues({ hosts: ['example.com', host] }), host).to.deep.equal(['secrets.API.hosts.1: must be a name, with or without a port, such as api.example.com:443']);
    }
    for (const header of ['Host', 'content-length', 'Transfer-Encoding', 'Connection', 'Proxy-Authorization']) {
      expect(issues({ header })).to.deep.equal([`secrets.API.header: cannot be ${header}, which says how a request is sent`]);
    }
  });

  it('is for sessions that reach its hosts', () => {
    const check = (network: Network, names = ['API', 'KEY', 'NONE'], configured = { API, KEY }) => {
      try {
        requireReach(names, configured, network);
        return 'allowed';
      } catch (fault) {
        expect(fault).to.be.instanceOf(ProtocolError).and.to.include({ kind: 'InvalidParams' });
        return (fault as ProtocolError).message;
      }
    };
    expect(check({ mode: 'allowlist', hosts: ['*.example.com'] })).to.equal('allowed');
    expect(check({ mode: 'full' })).to.equal('allowed');
    const unreached = 'secretNames.0: the secret API is bound to other.example.com:8443, which this session does not reach; add other.example.com:8443 to the hosts of its network (codebeaker run --allow other.example.com:8443)';
    expect(check({ mode: 'allowlist', hosts: ['api.example.com'] })).to.equal(unreached);
    expect(check({ mode: 'allowlist', hosts: ['api.example.com', 'other.example.com:443'] })).to.equal(unreached);
    expect(check({ mode: 'none' })).to.contain('the secret API is bound to api.example.com:443, which this session does not reach');
    expect(check({ mode: 'full' }, ['API', 'KEY'], { API, KEY: { ...KEY, header: 'authorization' } })).to.equal('secretNames.1: the secrets API and KEY are bound to the same header authorization of api.example.com:443; name one of them');
  });
});

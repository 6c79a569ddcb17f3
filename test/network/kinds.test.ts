/** Which addresses are public (F-E4, F-E6). */
import { expect } from 'chai';
import fc from 'fast-check';
import { parseAddress } from '../../server/src/network/address.ts';
import { kindOf } from '../../server/src/network/kinds.ts';

const kind = (text: string, own: readonly string[] = []) => kindOf(parseAddress(text) as bigint, own);

const kinds = {
  'public': ['1.1.1.1', '93.184.216.34', '2606:4700::1111', '2a00::1', '64:ff9b::101:101', '::ffff:1.1.1.1', '172.15.0.1', '172.32.0.1', '100.63.255.255', '100.128.0.0'],
  'an address of this machine': ['127.0.0.1', '127.255.255.254', '::1', '::ffff:127.0.0.1', '::ffff:7f00:1', '64:ff9b::127.0.0.1'],
  'a private address': ['10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.1.1', 'fc00::1', 'fdff::1', 'fec0::1', '::ffff:10.0.0.1', '64:ff9b::10.0.0.1'],
  'a link-local address': ['169.254.1.1', 'fe80::1', 'febf::1', '::ffff:169.254.1.1'],
  'a shared address of a provider': ['100.64.0.1', '100.127.255.255'],
  'a multicast address': ['224.0.0.1', '239.255.255.255', 'ff02::1'],
  'an unspecified address': ['0.0.0.0', '0.1.2.3', '::', '255.255.255.255', '::ffff:0.0.0.0'],
  'a reserved address': ['192.0.2.1', '198.18.0.1', '240.0.0.1', '192.88.99.1', '192.0.0.1', '198.51.100.1', '203.0.113.1', '2001:db8::1', '2001::1', '2002:7f00:1::1', '2002:101:101::1', '3fff::1', '::7f00:1', '64:ff9b:1::a00:1', '4000::1', '100::1', '5f00::1'],
  'the metadata service of a cloud': ['169.254.169.254', '::ffff:169.254.169.254', '64:ff9b::169.254.169.254', 'fd00:ec2::254', 'fd20:ce::254', '168.63.129.16', '100.100.100.200', '169.254.170.2', '192.0.0.192'],
} as const;

describe('the kind of an address (F-E4)', () => {
  for (const [expected, addresses] of Object.entries(kinds)) {
    it(`is ${expected}`, () => {
      for (const text of addresses) expect(kind(text), text).to.equal(expected);
    });
  }

  it('is never public for an address of an interface of this machine', () => {
    expect(kind('93.184.216.34', ['127.0.0.1', '93.184.216.34'])).to.equal('an address of this machine');
    expect(kind('64:ff9b::93.184.216.34', ['93.184.216.34'])).to.equal('an address of this machine');
    expect(kind('2606:4700::1111', ['2606:4700:0::1111', 'fe80::1%eth0'])).to.equal('an address of this machine');
  });

  it('is never public where an IPv4 address that is not public is carried', () => {
    const inner = fc.tuple(fc.constantFrom(10, 127, 0, 224, 240), fc.nat(255), fc.nat(255), fc.nat(255)).map((parts) => parts.join('.'));
    fc.assert(fc.property(inner, fc.constantFrom('::ffff:', '64:ff9b::', '::'), (four, prefix) => void expect(kind(prefix + four)).not.to.equal('public')), { seed: 13, numRuns: 1000 });
  });
});

/** The grammar of hosts, and what covers what (F-E1, F-E3). */
import { expect } from 'chai';
import fc from 'fast-check';
import { formatAddress, parseAddress, parseBlock, formatBlock } from '../../server/src/network/address.ts';
import { contains, covers, formatRule, formatTarget, parseAuthority, parseRule, parseTarget } from '../../server/src/network/hosts.ts';
import { place, rule } from './place.ts';

describe('the hosts of a network', () => {
  const forms: readonly (readonly [string, string])[] = [
    ['example.com', 'example.com'],
    ['Example.COM.', 'example.com'],
    ['example.com:443', 'example.com:443'],
    ['localhost', 'localhost'],
    ['_dmarc.under_score.example', '_dmarc.under_score.example'],
    ['bücher.example', 'xn--bcher-kva.example'],
    ['*.example.com:8443', '*.example.com:8443'],
    ['192.0.2.1', '192.0.2.1'],
    ['192.0.2.1:80', '192.0.2.1:80'],
    ['10.1.2.3/8', '10.0.0.0/8'],
    ['10.0.0.0/8:5432', '10.0.0.0/8:5432'],
    ['2001:DB8:0:0::1', '2001:db8::1'],
    ['[2001:db8::1]', '2001:db8::1'],
    ['[2001:db8::1]:443', '[2001:db8::1]:443'],
    ['fd00::/8', 'fd00::/8'],
    ['[fd00::/8]:443', '[fd00::/8]:443'],
    ['::ffff:127.0.0.1', '127.0.0.1'],
  ];
  for (const [text, canonical] of forms) {
    it(`can be ${text}`, () => {
      expect(formatRule(rule(text))).to.equal(canonical);
      expect(formatRule(rule(canonical))).to.equal(canonical);
    });
  }

  const refused: readonly (readonly [string, RegExp])[] = [
    ['', /must be a name/], ['*', /network mode full/], ['*.com', /top-level domain/], ['a.*.com', /must be a name/], ['*example.com', /must be a name/],
    ['https://example.com', /without https/], ['example.com/path', /host alone/], ['user@example.com', /must be a name/], ['exa mple.com', /must be a name/],
    ['example.com:0', /port/], ['example.com:65536', /port/], ['example.com:https', /port/], ['example.com:', /port/], ['example.com:080', /port/],
    ['127.1', /must be a name/], ['0x7f.0.0.1', /must be a name/], ['0x7f000001', /must be a name/], ['2130706433', /must be a name/], ['0177.0.0.1', /must be a name/], ['1.2.3.256', /must be a name/],
    ['１２７.0.0.1', /must be a name/], ['10.0.0.0/33', /host alone/], ['10.0.0.0/08', /host alone/], ['fe80::1%eth0', /must be a name/], ['[example.com]', /must be a name/],
    ['-a.example', /must be a name/], ['a..b', /must be a name/], ['.example.com', /must be a name/], [`${'a'.repeat(64)}.example`, /must be a name/], [`${'a.'.repeat(130)}b`, /must be a name/], ['a\0.example', /must be a name/], ['a%00.example', /must be a name/],
  ];
  for (const [text, why] of refused) {
    it(`can't be ${JSON.stringify(text.slice(0, 40))}`, () => expect(parseRule(text)).to.match(why));
  }

  it('cover names with their ports, and addresses in every spelling that the standards know', () => {
    const yes: [string, string][] = [
      ['example.com', 'EXAMPLE.com.:443'], ['example.com', 'example.com:22'], ['example.com:443', 'example.com'], ['*.example.com', 'a.b.example.com'],
      ['bücher.example', 'xn--bcher-kva.example'], ['10.0.0.0/8', '10.255.0.1'], ['10.0.0.0/8:443', '10.0.0.1'], ['fd00::/8', '[fd00::1]:80'], ['192.0.2.1', '[::ffff:192.0.2.1]:443'],
    ];
    const no: [string, string][] = [
      ['example.com:443', 'example.com:80'], ['example.com', 'a.example.com'], ['example.com', 'notexample.com'], ['*.example.com', 'example.com'], ['*.example.com', 'aexample.com'],
      ['*.example.com', 'example.com.evil.test'], ['10.0.0.0/8:80', '10.0.0.1'], ['10.0.0.0/8', '11.0.0.1'], ['0.0.0.0/0', '[2001:db8::1]:443'], ['10.0.0.0/8', '10.example'],
    ];
    for (const [text, asked] of yes) expect(covers(rule(text), place(asked)), `${text} ${asked}`).to.equal(true);
    for (const [text, asked] of no) expect(covers(rule(text), place(asked)), `${text} ${asked}`).to.equal(false);
  });

  it('contain others only where they cover all that these cover', () => {
    const yes: [string, string][] = [
      ['example.com', 'example.com:443'], ['*.example.com', 'a.example.com'], ['*.example.com', '*.b.example.com:80'], ['*.example.com', '*.example.com'], ['10.0.0.0/8', '10.1.0.0/16'], ['10.0.0.0/8', '10.1.2.3:80'],
    ];
    const no: [string, string][] = [
      ['example.com:443', 'example.com'], ['a.example.com', '*.example.com'], ['*.example.com', 'example.com'], ['10.1.0.0/16', '10.0.0.0/8'], ['example.com', '10.0.0.1'], ['*.b.example.com', '*.example.com'],
    ];
    for (const [outer, inner] of yes) expect(contains(rule(outer), rule(inner)), `${outer} ${inner}`).to.equal(true);
    for (const [outer, inner] of no) expect(contains(rule(outer), rule(inner)), `${outer} ${inner}`).to.equal(false);
  });
});

describe('a place that a program asks for', () => {
  it('is refused in any spelling of an address but the standard one', () => {
    for (const host of ['127.1', '0x7f.1', '0x7f000001', '2130706433', '0177.0.0.1', '127.0.0.01', '127.0.0.1.1', '１２７.0.0.1', '①27.0.0.1', 'fe80::1%lo', '[::1', '::1]', '[127.0.0.1', 'a b', 'a\r\nb', 'a/b', 'a／b', 'a℀b', 'a@b', 'ü@b', 'a:b', 'a#b', 'ü?b', 'a\\b', '', '.', '..', 'a.0x1']) {
      expect(parseTarget(host, 80), host).to.equal(undefined);
    }
    for (const port of [0, -1, 65_536, 1.5, NaN]) expect(parseTarget('example.com', port), String(port)).to.equal(undefined);
  });

  it('has one form', () => {
    for (const [text, form] of [['EXAMPLE.com.:80', 'example.com:80'], ['[0:0::1]:80', '[::1]:80'], ['[::ffff:7f00:1]:80', '127.0.0.1:80'], ['127.0.0.1.:80', '127.0.0.1:80'], ['Ünïcode.example:1', 'xn--ncode-cta3g.example:1']] as const) {
      const parsed = parseAuthority(text);
      expect(parsed && formatTarget(parsed), text).to.equal(form);
    }
    expect(parseAuthority('example.com')).to.equal(undefined);
  });

  it('never makes the parsers throw, whatever it is', () => {
    const piece = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.constantFrom('*.', '[', ']', ':', '/', '.', '127', '0x7f', 'example', '::', '%', '@', 'ü'));
    fc.assert(fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
      const text = pieces.join('');
      const parsed = parseRule(text);
      if (typeof parsed !== 'string') expect(parseRule(formatRule(parsed))).to.deep.equal(parsed);
      const asked = parseAuthority(text, 80);
      if (asked) expect(parseAuthority(formatTarget(asked))).to.deep.equal(asked);
    }), { seed: 13, numRuns: 5000 });
  });
});

describe('an address', () => {
  it('is read back from every form in which it is written', () => {
    fc.assert(fc.property(fc.bigInt(0n, (1n << 128n) - 1n), (address) => {
      expect(parseAddress(formatAddress(address))).to.equal(address);
    }), { seed: 13, numRuns: 2000 });
    fc.assert(fc.property(fc.ipV6(), (text) => void expect(parseAddress(text)).to.be.a('bigint')), { seed: 13, numRuns: 2000 });
    fc.assert(fc.property(fc.ipV4(), (text) => void expect(formatAddress(parseAddress(text) as bigint)).to.equal(text)), { seed: 13, numRuns: 500 });
  });

  it('is written in the shortest form', () => {
    for (const [text, short] of [['0:0:0:0:0:0:0:0', '::'], ['0:0:0:0:0:0:0:1', '::1'], ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'], ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'], ['1::', '1::'], ['64:ff9b::127.0.0.1', '64:ff9b::7f00:1']] as const) {
      expect(formatAddress(parseAddress(text) as bigint)).to.equal(short);
    }
    expect(formatBlock(parseBlock('::ffff:10.0.0.0/104') ?? { base: 0n, bits: 0 })).to.equal('10.0.0.0/8');
  });

  it('is refused where a part is missing, too much or too large', () => {
    for (const text of ['', ':', ':::', '1::2::3', '1:2:3:4:5:6:7', '1:2:3:4:5:6:7:8:9', '12345::', 'g::', '1.2.3', '1.2.3.4.5', '::1.2.3', '::1.2.3.4:5', '1:2:3:4:5:6:7::8', '+1.2.3.4', '1e0.0.0.1']) expect(parseAddress(text), text).to.equal(undefined);
  });
});

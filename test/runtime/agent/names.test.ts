/** Names of files as texts: any bytes come back as they were. */
import { expect } from 'chai';
import fc from 'fast-check';
import { bytesOf, textOf } from '../../../server/src/runtime/agent/names.ts';

const SEED = 97;

/** Bytes of which many are parts of UTF-8, but not at the right places. */
const nearUtf8 = fc
  .array(fc.oneof(
    fc.constantFrom(...['é', '日', '🐚', '\u{feff}', '\u{10fe80}', '\uffff'].map((text) => Buffer.from(text))),
    fc.constantFrom([0xc3], [0xe6, 0x97], [0xf0, 0x9f, 0x90], [0x80], [0xff], [0xed, 0xb2, 0x80], [0xed, 0xa0, 0xbd], [0xc0, 0x80], [0xf4, 0x90, 0x80, 0x80]).map((bytes) => Buffer.from(bytes)),
    fc.uint8Array({ maxLength: 4 }).map((bytes) => Buffer.from(bytes)),
  ), { maxLength: 8 })
  .map((parts) => Buffer.concat(parts));

describe('names', () => {
  it('of any bytes come back as the same bytes, and can be told to every client (E7)', () => {
    const property = fc.property(fc.oneof(nearUtf8, fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes))), (bytes) => {
      expect(bytesOf(textOf(bytes)).equals(bytes)).to.equal(true);
      // Neovim, Rust's serde and others refuse a whole message that has half of a pair in it.
      expect(textOf(bytes)).not.to.match(/\p{Surrogate}/u);
    });
    fc.assert(property, { seed: SEED, numRuns: 3000 });
  });

  it('that are UTF-8 are that text', () => {
    const property = fc.property(fc.string({ unit: 'binary', maxLength: 30 }), (text) => {
      const bytes = Buffer.from(text);
      expect(textOf(bytes)).to.equal(bytes.toString());
      expect(bytesOf(text).equals(bytes)).to.equal(true);
    });
    fc.assert(property, { seed: SEED, numRuns: 1000 });
  });

  it('keep a byte order mark', () => {
    expect(textOf(Buffer.from('\u{feff}a'))).to.equal('\u{feff}a');
  });

  it('show each byte that is not UTF-8 as a character of its own', () => {
    expect(textOf(Buffer.from('caf\xe9', 'latin1'))).to.equal('caf\u{10fee9}');
    expect(textOf(Buffer.from([0x61, 0xe6, 0x97, 0x62]))).to.equal('a\u{10fee6}\u{10fe97}b');
  });

  it('of different bytes are different texts, also where one is the escape of the other', () => {
    const text = textOf(Buffer.from([0x80]));
    expect(textOf(Buffer.from(text))).not.to.equal(text);
  });
});

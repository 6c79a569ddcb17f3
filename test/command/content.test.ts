/** Converting content between the text in messages and bytes. */
import { expect } from 'chai';
import fc from 'fast-check';
import { decode, decodeContent, encodeContent } from '../../server/src/command/content.ts';
import { ProtocolError, type TextEncoding } from '../../server/src/protocol/index.ts';

const MAX = 32 * 1024 * 1024;

function kindOf(work: () => unknown): string {
  try {
    work();
    return 'taken';
  } catch (fault) {
    expect(fault).to.be.instanceOf(ProtocolError);
    return (fault as ProtocolError).kind;
  }
}

describe('content', () => {
  const strict: [text: string, bytes: string | undefined][] = [
    ['', ''], ['AA==', '00'], ['AAE=', '0001'], ['AAEC', '000102'], ['//8=', 'ffff'], ['+/+/', 'fbffbf'],
    ['A', undefined], ['AA', undefined], ['AAA', undefined], ['AA=', undefined], ['A===', undefined], ['====', undefined], ['AA==AA==', undefined],
    ['A=A=', undefined], ['AA==\n', undefined], ['\nAA==', undefined], [' AA==', undefined], ['__8=', undefined], ['-_-_', undefined], ['AAEC\0', undefined], ['ÄÄÄÄ', undefined],
  ];
  for (const [text, bytes] of strict) {
    it(`${JSON.stringify(text)} as base64 is ${bytes === undefined ? 'refused' : `the bytes ${bytes || 'of nothing'}`}`, () => {
      if (bytes === undefined) expect(kindOf(() => decode(text, 'base64', 'content'))).to.equal('InvalidParams');
      else expect(decode(text, 'base64', 'content').toString('hex')).to.equal(bytes);
    });
  }

  it('is accepted as base64 only if it consists of the base64 alphabet and its padding', () => {
    const character = fc.constantFrom(...'Az9+/=-_ \n\0é€😀');
    fc.assert(fc.property(fc.string({ unit: character, maxLength: 12 }), (text) => {
      const valid = text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text);
      expect(kindOf(() => decode(text, 'base64', 'content'))).to.equal(valid ? 'taken' : 'InvalidParams');
    }), { seed: 20_260_122, numRuns: 20_000 });
  });

  it('gives an error with the name of the field that is not base64, and without its content', () => {
    try {
      decode('SECRET!', 'base64', 'content');
      expect.fail('taken');
    } catch (fault) {
      const { message, data } = fault as ProtocolError;
      expect([message, data]).to.deep.equal(['content: is not base64', { kind: 'InvalidParams', issues: [{ path: 'content', message: 'is not base64' }] }]);
    }
  });

  it('is unchanged after encoding and decoding', () => {
    fc.assert(fc.property(fc.uint8Array(), fc.constantFrom<TextEncoding | undefined>('utf-8', 'base64', undefined), (array, asked) => {
      const bytes = Buffer.from(array);
      const { content, encoding } = encodeContent(bytes, asked);
      expect(decode(content, encoding, 'content').equals(bytes)).to.equal(true);
      if (asked === 'base64') expect(encoding).to.equal('base64');
    }), { seed: 20_260_121, numRuns: 1000 });
  });

  const answers: [hex: string, asked: TextEncoding | undefined, encoding: TextEncoding][] = [
    ['', undefined, 'utf-8'], ['61', 'utf-8', 'utf-8'], ['61', 'base64', 'base64'], ['00', undefined, 'utf-8'], ['f09f9880', undefined, 'utf-8'],
    ['ff', 'utf-8', 'base64'], ['f09f98', undefined, 'base64'], ['c080', undefined, 'base64'], ['eda080', 'utf-8', 'base64'],
  ];
  for (const [hex, asked, encoding] of answers) {
    it(`with the bytes ${hex || '(none)'}, asked for as ${asked}, is sent as ${encoding}`, () => {
      expect(encodeContent(Buffer.from(hex, 'hex'), asked).encoding).to.equal(encoding);
    });
  }

  const sizes: [what: string, text: () => string, encoding: TextEncoding, kind: string][] = [
    ['32 MiB of text', () => 'a'.repeat(MAX), 'utf-8', 'taken'],
    ['a byte more', () => 'a'.repeat(MAX + 1), 'utf-8', 'FileTooLarge'],
    ['32 MiB of text with fewer characters', () => 'é'.repeat(MAX / 2) + 'a', 'utf-8', 'FileTooLarge'],
    ['32 MiB as base64', () => Buffer.alloc(MAX).toString('base64'), 'base64', 'taken'],
    ['a byte more as base64', () => Buffer.alloc(MAX + 1).toString('base64'), 'base64', 'FileTooLarge'],
  ];
  for (const [what, text, encoding, kind] of sizes) {
    it(`${what}: ${kind}`, () => expect(kindOf(() => decodeContent(text(), encoding, 'content'))).to.equal(kind));
  }
});

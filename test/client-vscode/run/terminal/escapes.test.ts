import { expect } from 'chai';
import fc from 'fast-check';
import { EscapeFilter } from '../../../../client-vscode/src/run/terminal/escapes.ts';
import { casesOf, expectedOf } from '../../../client-cases/cases.ts';

function filtered(...pieces: string[]): string {
  const filter = new EscapeFilter();
  return pieces.map((piece) => filter.filter(piece)).join('');
}

describe('the escape filter (F-D5)', () => {
  for (const { name, pieces, shown } of casesOf('escapes')) {
    it(name, () => {
      const expected = expectedOf(shown, 'vscode');
      expect(filtered(...pieces)).to.equal(expected);
      expect(filtered(...pieces.join('')), 'one character at a time').to.equal(expected);
    });
  }

  it('drops a sequence without an end, and shows what comes after it', () => {
    const endless = '\x1b]52;c;' + 'A'.repeat(20_000);
    expect(filtered(`a${endless}`, 'more', '\x07b')).to.equal('ab');
    expect(filtered('a\x1b[' + '1;'.repeat(9_000), 'mb')).to.match(/b$/);
  });

  it('shows the same wherever the output is cut into pieces', () => {
    const piece = fc.constantFrom('\x1b', '[', ']', '5', '2', ';', 'm', '\x07', '\\', 'P', '\x9d', '\x9c', 'x', '\x18', '0', '?');
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), fc.nat(40), (chars, cut) => {
        const text = chars.join('');
        expect(filtered(text.slice(0, cut), text.slice(cut))).to.equal(filtered(text));
      }),
      { numRuns: 2_000 },
    );
  });

  it('never leaves the terminal inside a sequence', () => {
    const piece = fc.constantFrom('\x1b', '[', ']', '5', '2', ';', 'm', '\x07', '\\', 'P', '\x9d', 'x', '0');
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (chars) => {
        expect(filtered(chars.join(''))).to.match(/^(?:\x1b\[[0-?]*[ -/]*[@-~]|(?:\x1b\]|\x9d)(?:[0-2]|4|8|1\d|10[4-9]|11\d)(?:;[^\x07\x1b]*)?(?:\x07|\x1b\\)|\x1b[ -/]*[0-OQ-WYZ\\`-~]|[^\x1b\x9d\x9c])*$/);
      }),
      { numRuns: 2_000 },
    );
  });
});

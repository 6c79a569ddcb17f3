import { expect } from 'chai';
import fc from 'fast-check';
import { EscapeFilter } from '../../../../client-vscode/src/run/terminal/escapes.ts';

function filtered(...pieces: string[]): string {
  const filter = new EscapeFilter();
  return pieces.map((piece) => filter.filter(piece)).join('');
}

describe('the escape filter', () => {
  const good: Record<string, string> = {
    text: 'plain\r\ntext\tand 日本',
    colours: '\x1b[1;31mred\x1b[0m\x1b[38;2;1;2;3m',
    'cursor movement': '\x1b[2J\x1b[H\x1b[10;20H\x1b7\x1b8\x1bM',
    'modes': '\x1b[?25l\x1b[?1049h\x1b[?2004h',
    'a title': '\x1b]0;title\x07\x1b]2;title\x1b\\',
    'a link': '\x1b]8;;https://example.org\x07text\x1b]8;;\x07',
    'palette colours': '\x1b]4;1;rgb:ff/00/00\x07\x1b]11;?\x1b\\',
    'character sets': '\x1b(B\x1b#8',
  };
  for (const [name, text] of Object.entries(good)) {
    it(`passes ${name}`, () => {
      expect(filtered(text)).to.equal(text);
      expect(filtered(...text)).to.equal(text);
    });
  }

  const bad: Record<string, string> = {
    'the clipboard': '\x1b]52;c;aGk=\x07',
    'the clipboard by one character': '\x9d52;c;aGk=\x9c',
    'shell integration': '\x1b]633;E;rm -rf /\x07\x1b]633;P;Cwd=/\x1b\\',
    'files and images': '\x1b]1337;File=inline=1:AAAA\x07',
    notifications: '\x1b]9;hello\x07\x1b]777;notify;a;b\x07',
    'device strings': '\x1bPq#0;2;0;0;0\x1b\\\x90+q544e\x9c',
    'privacy and program strings': '\x1b^secret\x1b\\\x1b_apc\x1b\\\x1bXsos\x1b\\',
    'a string that is broken off': '\x1b]52;c;aGk=\x18',
  };
  for (const [name, text] of Object.entries(bad)) {
    it(`holds back ${name}`, () => {
      expect(filtered(`a${text}b`)).to.equal('ab');
      expect(filtered(...`a${text}b`)).to.equal('ab');
    });
  }

  it('holds back what has no end, without holding what follows for ever', () => {
    const endless = '\x1b]52;c;' + 'A'.repeat(20_000);
    expect(filtered(`a${endless}`, 'more', '\x07b')).to.equal('ab');
    expect(filtered('a\x1b[' + '1;'.repeat(9_000), 'mb')).to.match(/b$/);
  });

  it('passes the sequence that breaks another one off', () => {
    expect(filtered('\x1b]52;c;x\x1b[31mred')).to.equal('\x1b[31mred');
  });

  it('does not care how the text is cut', () => {
    const piece = fc.constantFrom('\x1b', '[', ']', '5', '2', ';', 'm', '\x07', '\\', 'P', '\x9d', '\x9c', 'x', '\x18', '0', '?');
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), fc.nat(40), (chars, cut) => {
        const text = chars.join('');
        expect(filtered(text.slice(0, cut), text.slice(cut))).to.equal(filtered(text));
      }),
      { numRuns: 2_000 },
    );
  });

  it('leaves the terminal outside of every sequence', () => {
    const piece = fc.constantFrom('\x1b', '[', ']', '5', '2', ';', 'm', '\x07', '\\', 'P', '\x9d', 'x', '0');
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (chars) => {
        expect(filtered(chars.join(''))).to.match(/^(?:\x1b\[[0-?]*[ -/]*[@-~]|(?:\x1b\]|\x9d)(?:[0-2]|4|8|1\d|10[4-9]|11\d)(?:;[^\x07\x1b]*)?(?:\x07|\x1b\\)|\x1b[ -/]*[0-OQ-WYZ\\`-~]|[^\x1b\x9d\x9c])*$/);
      }),
      { numRuns: 2_000 },
    );
  });
});

import { expect } from 'chai';
import fc from 'fast-check';
import { formatEnvironment, joinWords, parseEnvironment, splitWords } from '../../../../client-vscode/src/run/source/shell-words.ts';

describe('words of a command line', () => {
  const cases: Record<string, string[]> = {
    '': [],
    '  one   two ': ['one', 'two'],
    "'a b' c": ['a b', 'c'],
    '"a \'b" c\\ d': ["a 'b", 'c d'],
    "--x='y z'w ''": ['--x=y zw', ''],
    '"a\\"b"': ['a"b'],
  };
  for (const [text, words] of Object.entries(cases)) {
    it(`${JSON.stringify(text)} is ${JSON.stringify(words)}`, () => {
      expect(splitWords(text)).to.deep.equal(words);
    });
  }

  it('refuses a quote that is not closed', () => {
    expect(() => splitWords("'a")).to.throw(SyntaxError);
    expect(() => splitWords('a "b')).to.throw(SyntaxError);
  });

  it('come back as they were', () => {
    fc.assert(fc.property(fc.array(fc.string({ unit: 'grapheme' })), (words) => void expect(splitWords(joinWords(words))).to.deep.equal(words)));
  });

  it('make an environment', () => {
    expect(parseEnvironment("A=1 B_2='x y' C=")).to.deep.equal({ A: '1', B_2: 'x y', C: '' });
    expect(parseEnvironment(formatEnvironment({ A: "it's", B: '' }))).to.deep.equal({ A: "it's", B: '' });
    expect(() => parseEnvironment('A=1 2B=x')).to.throw('2B=x');
    expect(() => parseEnvironment('A')).to.throw('A');
  });
});

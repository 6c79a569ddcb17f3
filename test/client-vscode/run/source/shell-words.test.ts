import { expect } from 'chai';
import fc from 'fast-check';
import {
  escapeLines, formatEnvironment, joinWords, parseEnvironment, splitWords, unescapeLines,
} from '../../../../client-vscode/src/run/source/shell-words.ts';
import { casesOf } from '../../../client-cases/cases.ts';

const cases = casesOf('shellwords');

describe('the words of a command line', () => {
  for (const { text, words } of cases.split) {
    it(`${JSON.stringify(text)} is split into ${JSON.stringify(words)}`, () => {
      expect(splitWords(text)).to.deep.equal(words);
    });
  }

  for (const { text, quote } of cases.notClosed) {
    it(`${JSON.stringify(text)} is refused, because ${quote} is not closed`, () => {
      expect(() => splitWords(text)).to.throw(SyntaxError).with.property('message', quote);
    });
  }

  for (const { words, text } of cases.join) {
    it(`${JSON.stringify(words)} are joined to ${JSON.stringify(text)}`, () => {
      expect(joinWords(words)).to.equal(text);
    });
  }

  it('are the same after being joined and split', () => {
    fc.assert(fc.property(fc.array(fc.string({ unit: 'grapheme' })), (words) => void expect(splitWords(joinWords(words))).to.deep.equal(words)));
  });
});

describe('the environment in one line', () => {
  for (const { text, env, written } of cases.environments) {
    it(`${JSON.stringify(text)} is read, and written as ${JSON.stringify(written)}`, () => {
      expect(parseEnvironment(text)).to.deep.equal(env);
      expect(formatEnvironment(env)).to.equal(written);
    });
  }

  for (const { text, word } of cases.noEnvironments) {
    it(`${JSON.stringify(text)} is refused, because of ${word}`, () => {
      expect(() => parseEnvironment(text)).to.throw(SyntaxError).with.property('message', word);
    });
  }
});

describe('lines of input in one line', () => {
  for (const { text, input, written } of cases.lines) {
    it(`${JSON.stringify(text)} is read, and written as ${JSON.stringify(written)}`, () => {
      expect(unescapeLines(text)).to.equal(input);
      expect(escapeLines(input)).to.equal(written);
    });
  }
});

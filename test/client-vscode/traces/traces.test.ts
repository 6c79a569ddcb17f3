/** The traces that are found in the output of real programs. */
import { expect } from 'chai';
import type { LanguageId } from 'codebeaker/protocol';
import { findTraces } from '../../../client-vscode/src/traces/trace.ts';
import { casesOf } from '../../client-cases/cases.ts';

describe('finding traces', () => {
  for (const { name, language, output, traces } of casesOf('traces')) {
    it(name, () => {
      const found = findTraces(language as LanguageId, output.join('\n')).map(({ message, frames }) => [
        message,
        ...frames.map(({ path, line, column }) => `${path}:${line}${column === undefined ? '' : `:${column}`}`),
      ]);
      expect(found).to.deep.equal(traces);
    });
  }

  it('takes little time for long lines that resemble a trace', () => {
    for (const language of ['python', 'javascript', 'go', 'csharp', 'ruby', 'shellscript'] as const) {
      for (const text of ['a'.repeat(200_000), ' at '.repeat(50_000), '/'.repeat(200_000), '(1,2)'.repeat(40_000), 'x.sh: '.repeat(30_000)]) {
        expect(findTraces(language, text)).to.deep.equal([]);
      }
    }
  });
});

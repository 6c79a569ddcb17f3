/** How the language of source code is decided (L4). */
import { expect } from 'chai';
import { languageOf } from '../../server/src/command/language.ts';
import { type LanguageId, ProtocolError } from '../../server/src/protocol/index.ts';

describe('the language', () => {
  const cases: [said: LanguageId | undefined, path: string | undefined, session: LanguageId | undefined, language: LanguageId | undefined][] = [
    [undefined, undefined, undefined, undefined],
    [undefined, undefined, 'go', 'go'],
    [undefined, 'a.rb', 'go', 'ruby'],
    ['python', 'a.rb', 'go', 'python'],
    [undefined, 'a.txt', 'go', 'go'],
    [undefined, 'a.txt', undefined, undefined],
    [undefined, 'a', undefined, undefined],
    [undefined, '.py', undefined, undefined],
    [undefined, 'a.py/b', undefined, undefined],
    ...(['py:python', 'js:javascript', 'mjs:javascript', 'cjs:javascript', 'ts:typescript', 'mts:typescript', 'cts:typescript',
      'go:go', 'cs:csharp', 'rb:ruby', 'sh:shellscript', 'PY:python', 'pyw:python', 'jsx:javascript', 'tsx:typescript', 'bash:shellscript'].map((pair) => {
      const [extension, language] = pair.split(':');
      return [undefined, `src/a.b.${extension}`, undefined, language as LanguageId] as [undefined, string, undefined, LanguageId];
    })),
  ];
  for (const [said, path, session, language] of cases) {
    it(`is ${language} if the client names ${said}, the path is ${path}, and the session is for ${session}`, () => {
      const find = () => languageOf({ language: said, path }, session);
      if (language) expect(find()).to.equal(language);
      else expect(find).to.throw(ProtocolError, 'name it in the param language').with.property('code', 1011);
    });
  }
});

/** docs/errors.md: every code is explained, for people as for clients. */
import { expect } from 'chai';
import { errorsPage } from '../../server/scripts/errors-page.ts';
import { Exit } from '../../server/src/cli/exit-codes.ts';
import { errorGuide } from '../../server/src/protocol/error-guide.ts';
import { errorCodes, type ErrorKind } from '../../server/src/protocol/index.ts';

const page = errorsPage();

describe('docs/errors.md', () => {
  for (const kind of Object.keys(errorCodes) as ErrorKind[]) {
    it(`says what ${kind} means, and what a person and a client can do`, () => {
      const section = page.split(`\n### ${errorCodes[kind]} ${kind}\n`)[1]?.split('\n##')[0] ?? '';
      const { meaning, action, person, data } = errorGuide[kind];
      for (const text of [meaning, action, person]) {
        expect(text).to.match(/^[A-Z`].{10,}\.$/su);
        expect(section).to.contain(text);
      }
      for (const [name, text] of Object.entries(data)) {
        expect(text).to.match(/^[A-Z].{4,}\.$/u);
        expect(section).to.contain(`\`${name}\`: ${text}`);
      }
    });
  }

  it('names every member of data that its prose speaks of', () => {
    const spoken = Object.entries(errorGuide).flatMap(([kind, { meaning, action, data }]) =>
      [...`${meaning} ${action}`.matchAll(/`data\.(\w+)`/g)].filter(([, name = '']) => name !== 'kind' && !(name in data)).map(([, name]) => `${kind}.${name}`));
    expect(spoken).to.deep.equal([]);
  });

  it('has every exit code of the command line', () => {
    const rows = page.split('## Exit codes')[1] ?? '';
    expect([...rows.matchAll(/^\| (\d+) \|/gm)].map(([, code]) => Number(code))).to.deep.equal(Object.values(Exit));
  });
});

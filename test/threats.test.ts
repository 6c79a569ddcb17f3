/** Each failure that is known from other systems is shown by a test that names it, or answered in a sentence, and THREATS.md says which. */
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { citations as allCitations } from '../server/scripts/generate.ts';
import { holes } from '../server/src/runtime/holes/table.ts';
import { type Citation, citationsIn, type Section, threatsMarkdown } from '../server/scripts/threats.ts';

const root = new URL('..', import.meta.url);
const sections = JSON.parse(readFileSync(new URL('server/threats/failures.json', root), 'utf8')) as Section[];
const rows = sections.flatMap((section) => section.rows);

describe('the failures that are known from other systems', () => {
  let citations: Citation[];
  before(async () => (citations = await allCitations()));

  it('have ids of their own', () => {
    expect(new Set(rows.map(({ id }) => id)).size).to.equal(rows.length);
    for (const { id } of rows) expect(id).to.match(/^F-[A-Z]\d+$/);
  });

  for (const { id, failed, answer } of rows) {
    it(`${id} has a test that names it, or a sentence in server/threats/failures.json: ${failed}`, () => {
      expect(answer !== undefined || citations.some((one) => one.id === id), id).to.equal(true);
    });
  }

  it('are those that titles of tests name, and no others', () => {
    const known = new Set(rows.map(({ id }) => id));
    expect(citations.filter(({ id }) => !known.has(id))).to.deep.equal([]);
  });
});

describe('the last part of THREATS.md', () => {
  const one: Section[] = [{ title: 'Links', rows: [{ id: 'F-Z1', failed: 'A | B.', source: 'x' }, { id: 'F-Z2', failed: 'C.', source: 'y', answer: 'It is not there.' }] }];
  const page = 'Prose.\n\n<!-- Everything below is made by `npm run generate`, from server/src/runtime/holes/table.ts, server/threats/failures.json and the titles of the tests. -->\nold';
  const text = ['describe(`all (T2)`, () => {', 'it(`is ${x} (F-Z1, T1)`, f);', '});', "const cases = { 'a [case] (F-Z1)': 1 };", "const no = 'F-Z2'; check(a, 'F-Z2'); // F-Z2", "it(a ? 'b (F-Z1)' : 'c', f);"].join('\n');

  it('has the titles that name each, and nothing that is no title', () => {
    expect(citationsIn('test/a.test.ts', text).map(({ id, title }) => [id, title])).to.deep.equal([['F-Z1', 'all (T2): is …'], ['F-Z1', 'a [case]'], ['F-Z1', 'b']]);
  });

  it('keeps what stands above it', () => {
    const made = threatsMarkdown(page, { holes: holes.slice(2, 5), asOf: '2026-01-02', sections: one, citations: citationsIn('test/a.test.ts', text) });
    expect(made).to.contain('As of 2026-01-02.');
    expect(made).to.contain('| runc | before 1.2.8, 1.3.0-rc.1 to before 1.3.3, 1.4.0-rc.1 to before 1.4.0-rc.3 | It lets a container');
    expect(made).to.match(/^\| Docker Engine \|.*\| not reached: nothing that is compressed/m);
    expect(made.startsWith(page.slice(0, -3))).to.equal(true);
    expect(made).not.to.contain('\nold');
    expect(made).to.contain('| F-Z1 | A \\| B. | x | [all (T2): is …](../test/a.test.ts)<br>[a \\[case\\]](../test/a.test.ts)<br>[b](../test/a.test.ts) |');
    expect(made).to.contain('| F-Z2 | C. | y | It is not there. |');
  });
});

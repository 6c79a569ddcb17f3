/** The table of layers names texts of the sources. What is no longer there could not be taken out, and nobody would notice before the next `npm run test:layers`. */
import { expect } from 'chai';
import { existsSync, readFileSync } from 'node:fs';
import { layers } from './table.ts';

const root = new URL('../../', import.meta.url);

describe('the table of layers', () => {
  it('names for each layer a text that stands in its file exactly once, another one to put there, and a test that exists', () => {
    const texts = new Map([...new Set(layers.map(({ file }) => file))].map((file) => [file, existsSync(new URL(file, root)) ? readFileSync(new URL(file, root), 'utf8') : '']));
    const wrong = layers.filter(({ file, from, to, test }) => texts.get(file)?.split(from).length !== 2 || from === to || !existsSync(new URL(test, root)));
    expect(wrong.map(({ name, file, from }) => `${name}: ${file}: ${from}`)).to.deep.equal([]);
  });
});

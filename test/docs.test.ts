/** What the pages say can be followed: their links lead somewhere, and their examples are taken by the real schemas. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { parseConfig } from '../server/src/policy/config-file.ts';
import type { Config } from '../server/src/protocol/index.ts';
import { jsonSchemas, type JsonSchema } from '../server/src/protocol/json-schema.ts';
import { projectFiles } from './architecture/files.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const pages = new Map(projectFiles().filter(({ path }) => path.endsWith('.md')).map(({ path, text }) => [path, text]));
const page = (path: string) => pages.get(path) ?? '';

/** As GitHub makes them. */
const anchorsOf = (text: string) => [...text.matchAll(/^#+ (.*)$/gm)].map(([, title = '']) => title.toLowerCase().replace(/[^\p{L}\p{N} _-]/gu, '').replaceAll(' ', '-'));

function danglingLinks(path: string, text: string): string[] {
  const prose = text.replace(/```[^]*?```/g, '');
  const targets = [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target).filter((target) => !/^[a-z]+:/.test(target));
  return targets.filter((target) => {
    const [file = '', anchor] = target.split('#');
    const found = file === '' ? path : join(dirname(path), file);
    if (!existsSync(join(root, found))) return true;
    return anchor !== undefined && !anchorsOf(page(found)).includes(anchor);
  });
}

const blocks = (text: string, language: string) => [...text.matchAll(new RegExp('```' + language + '\\n([^]*?)```', 'g'))].map(([, block = '']) => block);

describe('the pages', () => {
  for (const [path, text] of pages) {
    it(`${path} has links that lead somewhere`, () => {
      expect(danglingLinks(path, text)).to.deep.equal([]);
    });
  }

  it('a link that leads nowhere is found', () => {
    const text = '[a](README.md) [b](none.md) [c](README.md#start) [d](README.md#none) [e](https://example.com/none)';
    expect(danglingLinks('x.md', text)).to.deep.equal(['none.md', 'README.md#none']);
  });
});

describe('docs/configuration.md', () => {
  const examples = blocks(page('docs/configuration.md'), 'json');

  it('has examples that are configurations', () => {
    expect(examples).not.to.be.empty;
    for (const example of examples) expect(parseConfig(example, 'example'), example).not.to.be.empty;
  });

  it('has every key in an example', () => {
    const { schemas } = jsonSchemas();
    const used = new Set(examples.flatMap((example) => keysIn(parseConfig(example, 'example'))));
    expect(keysOf(schemas['Config']).filter((key) => !used.has(key))).to.deep.equal([]);
  });

  /** The keys of the configuration itself and of its sections. */
  function keysOf(schema: JsonSchema | undefined): string[] {
    return Object.entries(schema?.properties ?? {}).flatMap(([key, { properties = {} }]) => [key, ...Object.keys(properties).map((inner) => `${key}.${inner}`)]);
  }

  function keysIn(config: Config): string[] {
    return Object.entries(config).flatMap(([key, value]) => [key, ...(typeof value === 'object' ? Object.keys(value).map((inner) => `${key}.${inner}`) : [])]);
  }
});

describe('the figures in README.md (L13)', () => {
  const rows = page('README.md').split('## Figures')[1]?.split('\n').filter((line) => /^\| [a-z]+ \| /.test(line) && !line.startsWith('| part ')) ?? [];

  /** Each text in the source of a part of the benchmark, as a pattern: what a template puts in is anything. */
  const namesIn = (part: string) => {
    const path = join(root, 'bench/parts', `${part}.ts`);
    const source = existsSync(path) ? readFileSync(path, 'utf8') : '';
    const texts = [...source.matchAll(/'((?:\\.|[^'\\\n])*)'|`((?:\\.|[^`\\])*)`|"((?:\\.|[^"\\\n])*)"/g)].map(([, ...found]) => found.find((text) => text !== undefined) ?? '');
    const literal = (text: string) => text.replaceAll('\\', '').replaceAll(/[$()*+.?[\\\]^{|}]/g, '\\$&');
    return texts.map((text) => text.split(/\$\{[^}]*\}/)).filter((pieces) => pieces.join('').length > 12).map((pieces) => new RegExp(`^${pieces.map(literal).join('.+')}$`));
  };
  const made = (part: string, name: string) => namesIn(part).some((pattern) => pattern.test(name));

  for (const row of rows) {
    const [, part = '', name = ''] = row.split(' | ').map((cell) => cell.replace(/^\| /, '')).flatMap((cell, at) => (at === 0 ? ['', cell] : [cell]));
    it(`are rows of the benchmark: ${part}, ${name}`, () => {
      expect(made(part, name)).to.equal(true);
    });
  }

  it('are more than a few, and one that no part makes is found', () => {
    expect(rows.length).to.be.greaterThan(20);
    expect([made('start', 'start of something else until initialize is answered'), made('none', 'start of the daemon until initialize is answered')]).to.deep.equal([false, false]);
  });
});

/** The reference of the configuration says of each key what the code makes of it: its default, who may set it, and when it counts. */
import { expect } from 'chai';
import { configKeys } from '../../server/scripts/config-keys.ts';
import { configurationReference, defaultOf } from '../../server/scripts/configuration-reference.ts';
import { configSchema } from '../../server/src/policy/config-schema.ts';
import { defaultValues } from '../../server/src/policy/in-force.ts';
import { createPolicy, narrow } from '../../server/src/policy/policy.ts';
import { changes } from '../../server/src/policy/renew.ts';
import type { Config } from '../../server/src/protocol/index.ts';
import { projectFiles } from '../architecture/files.ts';

const schema = configSchema();
const keys = configKeys(schema);
const leaves = keys.filter(({ schema: { properties } }) => properties === undefined);
const rows = new Map([...configurationReference(schema).matchAll(/^\| `([^`]+)` \| (.*) \|$/gm)].map(([, key = '', rest = '']) => [key, rest.split(' | ')]));

const units: Record<string, number> = { KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 };

/** The value that words such as `16 MiB`, `1 800 000 (30 minutes)` or `["none"]` mean. */
function valueOf(words: string): unknown {
  const [, figures, unit] = /^(\d[\d ]*)(KiB|MiB|GiB)?(?: \(.*\))?$/.exec(words) ?? [];
  if (figures !== undefined) return Number(figures.replaceAll(' ', '')) * (units[unit ?? ''] ?? 1);
  const literal = /^`([^`]*)`/.exec(words)?.[1] ?? words;
  try {
    return JSON.parse(literal);
  } catch {
    return literal;
  }
}

describe('the reference of the configuration', () => {
  it('has every key once, with what it means', () => {
    expect([...rows.keys()].sort()).to.deep.equal(keys.filter(({ path, schema: { properties } }) => path.includes('.') || !properties).map(({ path }) => path).sort());
    for (const [key, [, , meaning]] of rows) expect(meaning, key).to.match(/^[A-Z`].*\.$/u);
  });

  it('says of every key what holds without it', () => {
    for (const key of leaves.filter(({ required }) => !required)) expect(key.description, key.path).to.match(/Default(?:, and the most)?: /);
  });

  const defaults = [...defaultValues()].filter(([key]) => leaves.some(({ path }) => path === key));
  for (const [key, value] of defaults) {
    it(`says the default of ${key} as the code has it`, () => {
      const found = leaves.find(({ path }) => path === key);
      expect(found && valueOf(defaultOf(found))).to.deep.equal(value);
      expect(found?.schema.default).to.deep.equal(value);
    });
  }

  it('has a default of the code wherever the schema could have one', () => {
    expect(defaults.length).to.be.greaterThan(40);
    expect([...defaultValues().keys()].filter((key) => !/^(?:images|rates)\./.test(key) && !leaves.some(({ path }) => path === key))).to.deep.equal([]);
  });

  /** The examples in docs/configuration.md have every key. */
  const examples = [...(projectFiles().find(({ path }) => path === 'docs/configuration.md')?.text ?? '').matchAll(/```json\n([^]*?)```/g)].map(([, text = '']) => JSON.parse(text) as Record<string, Record<string, unknown>>);
  const sections = new Map<string, Config>();
  for (const example of examples) {
    for (const [key, value] of Object.entries(example)) {
      const inner = !['limits', 'maxLimits', 'images', 'pool', 'rates', 'secrets'].includes(key) && typeof value === 'object' && !Array.isArray(value) ? Object.entries(value) : [];
      for (const [name, each] of inner) sections.set(`${key}.${name}`, { [key]: { [name]: each } });
      if (inner.length === 0) sections.set(key, { [key]: value });
    }
  }
  /** Of an object, that of the keys in it. */
  const cell = (key: string, column: number) => (rows.get(key) ?? [...rows].find(([path]) => path.startsWith(`${key}.`) || path.startsWith(`${key}[`))?.[1])?.[column];

  for (const [key, config] of sections) {
    if (key === '$schema' || key === 'prices.currency') continue;
    it(`says rightly who may set ${key}, and whether it is read again`, () => {
      let refusal = '';
      try {
        narrow(createPolicy({}), config);
      } catch (fault) {
        refusal = (fault as Error).message;
      }
      expect(cell(key, 3)).to.equal(refusal.endsWith('can only be set in the configuration file') ? 'you' : 'you, projects');
      const { taken, left } = changes({}, config);
      expect(cell(key, 4)).to.equal(taken.length > 0 ? 'yes' : 'no');
      expect([taken.length > 0, left.length > 0]).to.include(false);
    });
  }
});

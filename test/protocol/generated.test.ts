/** The generated documents are up to date, agree with the contract, and are consistent in themselves. */
import { expect } from 'chai';
import { readFile } from 'node:fs/promises';
import { generate } from '../../server/scripts/generate.ts';
import { conversation } from '../../server/src/protocol/examples.ts';
import { errorCodes, type Method, methods } from '../../server/src/protocol/index.ts';
import { jsonSchemas, refPrefix, type JsonSchema } from '../../server/src/protocol/json-schema.ts';
import { commonNotes, notes } from '../../server/src/protocol/notes.ts';
import { openrpc } from '../../server/src/protocol/openrpc.ts';
import { parse } from 'zod/mini';
import { codes, contract } from './contract.ts';

const root = new URL('../../', import.meta.url);
const { schemas, methods: shapes } = jsonSchemas();

describe('generated files', () => {
  for (const name of ['PROTOCOL.md', 'openrpc.json', 'server/codebeaker.schema.json', 'docs/configuration-reference.md', 'docs/errors.md', 'server/THREATS.md']) {
    it(`${name} is current (else: npm run generate)`, async () => {
      const made = await generate();
      expect(await readFile(new URL(name, root), 'utf8')).to.equal(made[name]);
    });
  }

  it('PROTOCOL.md has no dangling links', async () => {
    const text = (await generate())['PROTOCOL.md'] ?? '';
    const slug = (title: string) => title.toLowerCase().replace(/[^a-z0-9 _-]/g, '').replaceAll(' ', '-');
    const anchors = new Set([...text.matchAll(/^#+ (.*)$/gm)].map(([, title = '']) => slug(title)));
    const targets = [...text.matchAll(/\]\(#([^)]*)\)/g)].map(([, target = '']) => target);
    expect(targets.filter((target) => !anchors.has(target))).to.deep.equal([]);
  });
});

describe('the conversation in PROTOCOL.md (C11)', () => {
  const rows = new Map<string, Method>(methods.map((method) => [method.name, method]));

  it('has messages that fit their shapes', () => {
    for (const { method, params } of conversation) {
      const row = rows.get(method ?? '');
      if (row) expect(parse(row.params, params), method).to.deep.equal(params);
    }
  });

  it('goes from initialize to exit, and answers every request once', () => {
    const asked = conversation.flatMap(({ id, method }) => (id !== undefined && method !== undefined ? [id] : []));
    const answered = conversation.flatMap(({ id, method }) => (id !== undefined && method === undefined ? [id] : []));
    expect(answered).to.deep.equal(asked);
    expect([conversation[0]?.method, conversation.at(-1)?.method]).to.deep.equal(['initialize', 'exit']);
  });
});

describe('the method table', () => {
  it('names each method once', () => {
    const names = methods.map(({ name }) => name);
    expect(new Set(names).size).to.equal(names.length);
  });

  /** The fields that the contract has and the shape lacks, and the fields that the shape adds and that are not optional. */
  const differences = ({ properties = {}, required = [] }: JsonSchema, fields: string, mayGrow: boolean) => {
    const wanted = fields.split(' ').filter(Boolean);
    const found = Object.keys(properties).map((name) => (required.includes(name) ? name : `${name}?`));
    const missing = wanted.filter((field) => !found.includes(field)).map((field) => `no ${field}`);
    const added = found.filter((field) => !wanted.includes(field) && !(mayGrow || field.endsWith('?')));
    return [...missing, ...added.map((field) => `added ${field}`)];
  };

  for (const { name, kind } of methods) {
    it(`${name} has the shapes of the contract`, () => {
      const [params, result] = contract[name] ?? [];
      if (params === undefined) return;
      const ids = shapes.get(name);
      expect(differences(schemas[ids?.params ?? ''] ?? {}, params, false)).to.deep.equal([]);
      expect(kind).to.equal(result === undefined ? 'notification' : 'request');
      expect(differences(schemas[ids?.result ?? ''] ?? {}, result ?? '', true)).to.deep.equal([]);
    });

    it(`the params of ${name} are an object`, () => {
      expect(schemas[shapes.get(name)?.params ?? '']).to.include({ type: 'object' });
    });
  }

  it('has every error code of the contract, with the same value', () => {
    expect(errorCodes).to.deep.equal(codes);
  });

  it('has notes only on fields that exist', () => {
    const inside = (schema: JsonSchema | undefined, path: string): JsonSchema | undefined =>
      path.split('.').reduce<JsonSchema | undefined>((at, field) => at?.properties?.[field], schema);
    const dangling = Object.entries(notes).flatMap(([shape, fields]) =>
      Object.keys(fields)
        .filter((field) => (field === '' ? !schemas[shape] : !inside(schemas[shape], field)))
        .map((field) => `${shape}.${field}`),
    );
    const used = new Set(Object.values(schemas).flatMap(({ properties = {} }) => Object.keys(properties)));
    expect([...dangling, ...Object.keys(commonNotes).filter((field) => !used.has(field))]).to.deep.equal([]);
  });
});

describe('the OpenRPC document', () => {
  const document = openrpc('1.2.3');

  it('has the name and the version of the protocol', () => {
    expect(document.openrpc).to.match(/^1\.3\.\d+$/);
    expect(document.info).to.include({ title: 'CodeBeaker Protocol', version: '1.2.3' });
  });

  it('has every method of the table, in order', () => {
    expect(document.methods.map(({ name }) => name)).to.deep.equal(methods.map(({ name }) => name));
  });

  it('lists params by name, each of them once and the required ones first', () => {
    for (const { name, params, paramStructure } of document.methods) {
      const names = params.map((param) => param.name);
      expect(paramStructure, name).to.equal('by-name');
      expect(new Set(names).size, name).to.equal(names.length);
      const required = params.map((param) => param.required === true);
      expect(required, name).to.deep.equal([...required].sort((a, b) => Number(b) - Number(a)));
      for (const { schema } of params) expect(schema, name).to.be.an('object');
    }
  });

  it('has a result and errors for every request, and neither for notifications', () => {
    const kinds = new Map<string, string>(methods.map(({ name, kind }) => [name, kind]));
    for (const { name, result, errors } of document.methods) {
      if (kinds.get(name) === 'notification') expect({ result, errors }, name).to.deep.equal({ result: undefined, errors: undefined });
      else expect(errors, name).to.be.an('array').that.is.not.empty;
    }
  });

  it('has no dangling references, and no unused schema but the configuration', () => {
    const text = JSON.stringify(document);
    const refs = [...text.matchAll(/"\$ref":"([^"]*)"/g)].map(([, ref = '']) => ref);
    const has = (ref: string) => {
      const path = ref.slice(2).split('/');
      return ref.startsWith('#/') && path.reduce<unknown>((at, key) => Object(at)[key], document) !== undefined;
    };
    expect(refs.filter((ref) => !has(ref))).to.deep.equal([]);
    const unused = Object.keys(document.components.schemas).filter((name) => !refs.includes(refPrefix + name));
    expect(unused).to.deep.equal(['Config']);
  });

  it('has an example for every request, which fits its shapes (C11)', () => {
    const rows = new Map<string, Method>(methods.map((method) => [method.name, method]));
    for (const { name, examples, 'x-from': from } of document.methods) {
      const { kind, params, result } = rows.get(name) as Method;
      if (kind === 'notification' || from === 'server') continue;
      expect(examples, name).to.be.an('array').that.is.not.empty;
      for (const each of examples ?? []) {
        const given = Object.fromEntries(each.params.map((param) => [param.name, param.value]));
        expect(parse(params, given), name).to.deep.equal(given);
        expect(parse(result, each.result.value), name).to.deep.equal(each.result.value);
      }
    }
  });

  it('says the bounds of every integer (C11)', () => {
    const unbounded: string[] = [];
    const visit = (value: unknown, path: string) => {
      if (typeof value !== 'object' || value === null) return;
      const { type, maximum, minimum, exclusiveMinimum } = value as JsonSchema;
      if (type === 'integer' && (maximum === undefined || (minimum ?? exclusiveMinimum) === undefined)) unbounded.push(path);
      for (const [key, child] of Object.entries(value)) visit(child, `${path}/${key}`);
    };
    visit({ methods: document.methods.map(({ examples: _, ...method }) => method), components: document.components }, '');
    expect(unbounded).to.deep.equal([]);
  });

  it('has the error codes', () => {
    const found = Object.entries(document.components.errors).map(([kind, { code }]) => [kind, code]);
    expect(Object.fromEntries(found)).to.deep.equal(codes);
  });
});

/** Every fenced block of the pages is an example that is run or checked, or says why not; and what needs no daemon is checked here. */
import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { errorGuide } from '../../server/src/protocol/error-guide.ts';
import { errorCodes, type ErrorKind, type Method } from '../../server/src/protocol/index.ts';
import { jsonSchemas } from '../../server/src/protocol/json-schema.ts';
import { blocks, blocksIn, commandsIn, isSettings, nameOf } from './blocks.ts';
import { faultsIn, messagesIn, unknownMembers } from './messages.ts';
import { commands, texts } from './table.ts';

/** Those that examples.test.ts runs, and those that are checked below. */
const languages = ['sh', 'json', 'jsonc', 'lua', 'js', 'python'];
const isFrame = ({ text }: { text: string }) => text.startsWith('Content-Length:');
const isComplaint = ({ text }: { text: string }) => /^codebeaker: try\.json: /.test(text);

const { schemas, methods: shapes } = jsonSchemas();
const membersOf = ({ name }: Method) => Object.keys(schemas[shapes.get(name)?.result ?? '']?.properties ?? {});

describe('the examples in README.md and docs/', () => {
  it('are many, and none is of a kind that nobody tries', () => {
    expect(blocks.length).to.be.greaterThan(60);
    const untried = blocks.filter((block) => !languages.includes(block.language) && !isFrame(block) && !isComplaint(block) && !(nameOf(block) in texts));
    expect(untried.map(nameOf)).to.deep.equal([]);
  });

  it('have no entry in the tables that is about none of them', () => {
    const known = new Set(blocks.filter(({ language }) => language === 'sh').flatMap(commandsIn));
    expect(Object.keys(commands).filter((command) => !known.has(command))).to.deep.equal([]);
    expect(Object.keys(texts).filter((name) => !blocks.some((block) => nameOf(block) === name))).to.deep.equal([]);
  });

  it('have a reason wherever something else is run, or nothing', () => {
    for (const [command, entry] of Object.entries(commands)) {
      const { run, code, why } = typeof entry === 'string' ? { why: entry } as { run?: string; code?: number; why?: string } : entry;
      if (typeof entry === 'string' || run !== undefined || code !== undefined) expect(why, command).to.be.a('string').that.has.length.greaterThan(8);
    }
  });

  it('are found with their pages and lines, and so are the commands in them', () => {
    const text = 'a\n```sh\nfoo \\\n  --bar   # what it does\n# nothing\n\nbaz "#1"\n```\n```\nx\n```\n';
    const found = blocksIn('x.md', text);
    expect(found.map(({ line, language }) => [line, language])).to.deep.equal([[2, 'sh'], [9, '']]);
    expect(commandsIn(found[0] ?? { text: '' })).to.deep.equal(['foo --bar', 'baz "#1"']);
  });
});

describe('settings of VS Code in the pages', () => {
  const settings = blocks.filter(isSettings);
  const { contributes } = JSON.parse(readFileSync(new URL('../../client-vscode/package.json', import.meta.url), 'utf8')) as { contributes: { configuration: { properties: Record<string, { type: string }> } } };

  for (const { page, line, text } of settings) {
    it(`at line ${line} of ${page} are those of the extension`, () => {
      for (const [name, value] of Object.entries(JSON.parse(text) as object)) expect(contributes.configuration.properties[name]?.type, name).to.equal(typeof value);
    });
  }

  it('are there', () => {
    expect(settings).not.to.be.empty;
  });
});

describe('messages of the protocol in the pages', () => {
  const conversations = new Map<string, string>();
  for (const { page, language, text } of blocks) if (language === 'jsonc') conversations.set(page, (conversations.get(page) ?? '') + text);

  for (const [page, text] of conversations) {
    it(`of ${page} fit the shapes, in both directions`, () => {
      const lines = messagesIn(text);
      expect(lines.length).to.be.greaterThan(5);
      expect([...faultsIn(lines), ...unknownMembers(lines, membersOf)]).to.deep.equal([]);
    });
  }

  it('that do not fit are found', () => {
    const faults = (text: string) => faultsIn(messagesIn(text));
    expect(faults('→ {"id":1,"method":"session/create","params":{"language":5}}')).to.have.lengthOf(1);
    expect(faults('→ {"method":"session/create"}')).to.have.lengthOf(1);
    expect(faults('← {"id":1,"result":null}')).to.have.lengthOf(1);
    const asked = '→ {"id":1,"method":"session/list"}\n';
    expect(faults(`${asked}← {"id":1,"result":{…}}`)).to.deep.equal([]);
    expect(faults(`${asked}← {"id":1,"result":{}}`)).to.have.lengthOf(1);
    expect(faults(`${asked}← {"id":1,"result":{"sessions":5,…}}`)).to.have.lengthOf(1);
    expect(unknownMembers(messagesIn(`${asked}← {"id":1,"result":{"sesions":[]}}`), membersOf)).to.deep.equal(['session/list: sesions']);
  });

  it('have a header that tells their length', () => {
    const frames = blocks.filter(isFrame);
    expect(frames).to.have.lengthOf(1);
    const [, length, body] = /^Content-Length: (\d+)\\r\\n\n\\r\\n\n(.*)\n$/.exec(frames[0]?.text ?? '') ?? [];
    expect(Buffer.byteLength(body ?? '')).to.equal(Number(length));
    expect(faultsIn(messagesIn(`→ ${body}\n`))).to.deep.equal([]);
  });

  it('that are errors have a code with its name, and data that is documented', () => {
    const errors = blocks.filter(({ language, text }) => language === 'json' && /^\s*"code": -?\d/m.test(text)).map(({ text }) => JSON.parse(text) as { code: number; data: { kind: ErrorKind } });
    expect(errors).to.have.lengthOf(1);
    for (const { code, data: { kind, ...data } } of errors) {
      expect(errorCodes[kind]).to.equal(code);
      expect(Object.keys(errorGuide[kind].data)).to.include.members(Object.keys(data));
    }
  });
});

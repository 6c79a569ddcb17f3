/** The rules: each finds what its examples say, in every grammar of its language, and the corpus of programs has no false error. */
import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { createRequire } from 'node:module';
import { languageIds, languages } from '../../server/src/protocol/index.ts';
import { credentialRules, credentials } from '../../server/src/scan/credentials.ts';
import { ruleIds } from '../../server/src/scan/known.ts';
import { search } from '../../server/src/scan/search.ts';
import { Syntax } from '../../server/src/scan/syntax.ts';
import { rulesOf } from '../../server/src/scan/rules/table.ts';
import { corpusOf } from '../corpus/programs.ts';
import { filesOf } from '../corpus/sample.ts';

const syntax = new Syntax(dirname(createRequire(import.meta.url).resolve('@vscode/tree-sitter-wasm')));

describe('the rules of scanning', () => {
  for (const language of languageIds) {
    const { grammars, rules } = rulesOf[language];
    for (const [grammar, [extension = '']] of Object.entries(grammars)) {
      for (const { id, found, clean } of rules) {
        it(`${id} finds its examples, and nothing in those that are clean, as ${grammar}`, async () => {
          const times = async (code: string) => (await syntax.findings({ language, path: `main${extension}`, code })).filter(({ rule }) => rule === id).length;
          expect([found.length, clean.length]).not.to.include(0);
          for (const code of found) expect(await times(code), code).to.equal(1);
          for (const code of clean) expect(await times(code), code).to.equal(0);
        });
      }
    }
  }

  it('have names of their own, words for people, and a row in docs/scanning.md', () => {
    const page = readFileSync(new URL('../../docs/scanning.md', import.meta.url), 'utf8');
    const rules = new Set(languageIds.flatMap((language) => rulesOf[language].rules));
    const ids = [...rules].map(({ id }) => id);
    expect(new Set(ids).size).to.equal(ids.length);
    for (const { id, message, severity, category } of rules) {
      expect(id).to.match(/^[a-z]+\/[a-z0-9-]+$/);
      expect(message).to.match(/^\S.*[.)]\.?$/);
      expect(page, id).to.contain(`| \`${id}\` | ${severity} | ${category} |`);
    }
  });

  it('are known by their ids without any grammar, with those of secretlint', () => {
    const ours = languageIds.flatMap((language) => rulesOf[language].rules.map(({ id }) => id));
    expect([...ruleIds].sort()).to.deep.equal([...new Set([...ours, ...credentialRules()])].sort());
  });

  it('find no error in the programs of the corpus', async () => {
    const errors: string[] = [];
    for (const language of languageIds) {
      for (const sample of corpusOf(language, false)) {
        for (const [path, code] of Object.entries(filesOf(sample, languages[language].extensions[0]))) {
          const found = await search(syntax, { language, path, code: String(code) });
          for (const { rule, severity } of found) if (severity === 'error') errors.push(`${language}: ${sample.name}: ${rule}`);
        }
      }
    }
    expect(errors).to.deep.equal([]);
  }).timeout(60_000);
});

describe('credentials in code', () => {
  const token = `ghp_${'a1B2c3D4'.repeat(4)}e5F6`;
  const key = `-----BEGIN RSA PRIVATE KEY-----\n${'MIIEpAIBAAKCAQEA'.repeat(8)}\n-----END RSA PRIVATE KEY-----`;
  const secrets: Record<string, [code: string, secret: string, rule: string]> = {
    'a token of GitHub': [`const x = 1;\nconst token = '${token}';\n`, token, 'credential/github'],
    'a key of AWS': [`aws_secret_access_key = "${'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEZ'}"\n`, 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEZ', 'credential/aws'],
    'a private key': [`key = """${key}"""\n`, key, 'credential/privatekey'],
    'a password in an address': ['url = "https://ada:lovelace1815@example.com/"\n', 'https://ada:lovelace1815@example.com', 'credential/basicauth'],
  };
  for (const [what, [code, secret, rule]] of Object.entries(secrets)) {
    it(`${what} is found, where it is, and is in no message`, async () => {
      const found = await credentials({ code });
      expect(found.map((each) => each.rule)).to.deep.equal([rule]);
      const [{ message, range: { start, end } } = expect.fail()] = found;
      expect(message).not.to.contain(secret.slice(0, 12)).and.not.to.contain('***');
      const lines = code.split('\n');
      const offset = (at: { line: number; character: number }) => lines.slice(0, at.line).reduce((sum, line) => sum + line.length + 1, 0) + at.character;
      expect(code.slice(offset(start), offset(end))).to.contain(secret);
    });
  }

  it('are found although a comment says that they are none', async () => {
    expect(await credentials({ code: `// secretlint-disable\nconst token = '${token}';\n` })).to.have.length(1);
  });

  it('are none where a variable stands in their place', async () => {
    expect(await credentials({ code: 'token = os.environ["GITHUB_TOKEN"]\nurl = f"https://{user}:{password}@example.com/"\n' })).to.deep.equal([]);
  });
});

describe('a text with much in it', () => {
  it('is read with the ends of lines that its language has', async () => {
    const rules = async (language: 'python' | 'csharp' | 'javascript', code: string) => (await search(syntax, { language, code })).map(({ rule }) => rule);
    expect(await rules('python', '# a comment\rimport shutil\rshutil.rmtree("/")\r')).to.deep.equal(['python/destruction']);
    for (const end of ['\r', '\x85', '\u2028', '\u2029']) expect(await rules('csharp', `// a comment${end}System.IO.Directory.Delete("/", true);\n`), escape(end)).to.deep.equal(['csharp/destruction']);
    for (const end of ['\r', '\u2028', '\u2029']) expect(await rules('javascript', `// a comment${end}require("fs").rmSync("/", { recursive: true });\n`), escape(end)).to.deep.equal(['javascript/destruction']);
  });

  it('is read in the language of the interpreter that the first line of a script names', async () => {
    const rules = async (code: string) => (await search(syntax, { language: 'shellscript', code })).map(({ rule }) => rule);
    const python = 'import shutil\nshutil.rmtree("/")\n';
    for (const first of ['#!/usr/bin/python3', '#! /usr/bin/env python3.12', '#!/usr/bin/env -S python3 -u\r']) expect(await rules(`${first}\n${python}`), first).to.deep.equal(['python/destruction']);
    expect(await rules('#!/usr/bin/env node\nrequire("fs").rmSync("/", { recursive: true });\n')).to.deep.equal(['javascript/destruction']);
    expect(await rules(`#!/bin/sh\n${python}`)).to.deep.equal([]);
    expect(await rules('#!/usr/bin/env python3\nrm -rf /\n'), 'a command line that a shell runs').to.deep.equal(['shellscript/destruction']);
  });

  it('hides no finding of one rule behind many of another', async () => {
    const known = 'AWS_SECRET_ACCESS_KEY = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEZ"\n';
    const addresses = Array.from({ length: 150 }, (_, at) => `u = "https://ada:lovelace${at}@example.com/"\n`).join('');
    const found = await search(syntax, { language: 'python', code: `${'eval(x)\n'.repeat(150)}${addresses}${known}import shutil\nshutil.rmtree("/")\n` });
    expect(found).to.have.length(100);
    expect(found.filter(({ severity }) => severity === 'error').map(({ rule }) => rule)).to.deep.equal(['credential/aws', 'python/destruction']);
    expect(found.map(({ range }) => range.start.line)).to.deep.equal(found.map(({ range }) => range.start.line).sort((one, other) => one - other));
  });

  for (const language of languageIds) {
    it(`in ${language} has at most 100 findings, and one that is no program has what it has`, async () => {
      const one = rulesOf[language].rules[0]?.found[0] as string;
      expect(await search(syntax, { language, code: `${one}\n`.repeat(110) })).to.have.length(100);
      for (const code of ['', '\0', '"\ud800', '{[('.repeat(100), '\r\n'.repeat(100)]) expect(await search(syntax, { language, code })).to.deep.equal([]);
    });
  }
});

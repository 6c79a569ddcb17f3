/** What a program tells of the runtime that it is written for, and that it decides (T16); what a session without a language gets (C3). */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import type { LanguageId, Preference } from '../../../server/src/protocol/index.ts';
import { type Engine, findHint, hintOfText } from '../../../server/src/runtime/choice/hints.ts';
import { choose, selectRuntime, type Wish } from '../../../server/src/runtime/choice/select.ts';
import { withDaemon } from '../../serving/daemon.ts';
import { type Offer, offers } from './offers.ts';

describe('the text of a file', () => {
  const texts: Record<string, Engine | undefined> = {
    'console.log(Deno.args)': 'deno',
    'console.log(Bun.version)': 'bun',
    '#!/usr/bin/env node\nconsole.log(1)': 'node',
    '#!/usr/bin/env -S deno run --allow-read\nconsole.log(1)': 'deno',
    '#!/usr/local/bin/bun\nBun.version': 'bun',
    '#!/usr/bin/env bun\nconsole.log(Deno.args)': 'bun',
    'import { test } from "bun:test"': 'bun',
    "import { $ } from 'bun'": 'bun',
    'import * as path from "jsr:@std/path"': 'deno',
    'const x = await import("https://example.com/x.js")': 'deno',
    'const fs = require("fs")': 'node',
    'module.exports = {}': 'node',
    'console.log(1)': undefined,
    'import fs from "node:fs"': undefined,
    '// Deno.args\n/* Bun.version */ console.log("Deno.args", \'Bun.x\')': undefined,
    'if (typeof Deno !== "undefined") Deno.exit(1)': undefined,
    'globalThis.Bun?.gc(); Bun.gc()': undefined,
    'Deno.exit; Bun.gc': undefined,
    'const x = { Deno: 1 }; x.Deno.y': undefined,
    'myDeno.args': undefined,
  };
  for (const [text, engine] of Object.entries(texts)) {
    it(`${engine ? `is for ${engine}` : 'tells nothing'} (T16): ${JSON.stringify(text)}`, () => {
      expect(hintOfText(text)?.engine).to.equal(engine);
    });
  }
});

describe('the folder of a file', () => {
  let root: string;
  beforeEach(() => (root = mkdtempSync(join(tmpdir(), 'hints-'))));
  afterEach(() => rmSync(root, { recursive: true }));
  const put = (files: Record<string, string>) => {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
  };
  const hint = (path: string | undefined, text?: string, language: LanguageId = 'typescript') => findHint(language, { text, folder: join(root, 'open'), path });

  const folders: Record<string, [files: Record<string, string>, engine: Engine | undefined, path?: string]> = {
    'deno.json': [{ 'open/deno.json': '{}' }, 'deno'],
    'bun.lock above it': [{ 'open/bun.lock': '', 'open/src/deep/a.ts': '' }, 'bun', 'src/deep/a.ts'],
    'a nearer file before a farther one': [{ 'open/bun.lock': '', 'open/src/deno.jsonc': '' }, 'deno', 'src/a.ts'],
    'package.json': [{ 'open/package.json': '{}' }, 'node'],
    'a package.json for Bun': [{ 'open/package.json': '{ "packageManager": "bun@1.2.0" }' }, 'bun'],
    'a package.json that is no JSON': [{ 'open/package.json': '{{' }, 'node'],
    'a package.json for Deno alone': [{ 'open/package.json': '{ "engines": { "deno": ">=2" } }' }, 'deno'],
    'the folder of a file whose name begins with two dots': [{ 'open/..b/deno.json': '', 'open/..b/a.ts': '' }, 'deno', '..b/a.ts'],
    'its text before its folder': [{ 'open/package.json': '{}', 'open/a.ts': 'Bun.gc()' }, 'bun'],
    'nothing of a folder that is not shared': [{ 'deno.json': '', 'bun.lock': '' }, undefined],
    'nothing of a path outside': [{ 'deno.json': '', 'a.ts': 'Deno.args' }, undefined, '../a.ts'],
    'nothing': [{ 'open/README': '' }, undefined],
  };
  for (const [name, [files, engine, path = 'a.ts']] of Object.entries(folders)) {
    it(`tells by ${name} (T16)`, async () => {
      put({ 'open/x': '', ...files });
      expect((await hint(path))?.engine).to.equal(engine);
    });
  }

  for (const text of ['import { test } from "node:test"', "import http from 'node:http'", 'const net = await import("node:net")']) {
    it(`tells by a module of Node that the file imports, if nothing else tells: ${text}`, async () => {
      put({ 'open/a.ts': text });
      expect(await hint('a.ts')).to.include({ engine: 'node' });
      put({ 'open/bun.lock': '' });
      expect(await hint('a.ts')).to.include({ engine: 'bun' });
    });
  }

  it('tells without a file too, and nothing for a language that only one of them could run', async () => {
    put({ 'open/deno.json': '' });
    symlinkSync('/etc', join(root, 'open/link'));
    expect([(await hint(undefined))?.engine, (await hint('link/passwd'))?.engine, await hint('a.py', undefined, 'python')]).to.deep.equal(['deno', 'deno', undefined]);
  });
});

describe('the choice', () => {
  const wish = (language: LanguageId | undefined, preference: Preference, more: Partial<Wish> = {}): Wish => ({ language, preference, required: {}, image: 'x', ...more });
  const bun: Partial<Offer> = { languages: ['javascript', 'typescript'], score: 6, startMs: 20, memoryMiB: 2 };
  const preferences: Preference[] = ['speed', 'security', 'memory', 'balanced'];

  for (const engine of ['deno', 'bun'] as const) {
    it(`follows a hint for ${engine} before all preferences, and says why (T16)`, () => {
      for (const preference of preferences) {
        const { chosen, reason } = selectRuntime(offers({ bun }), wish('javascript', preference, { hint: { engine, why: 'it says so' } }));
        expect([chosen.id, reason]).to.deep.equal([engine, 'it says so']);
      }
    });
  }

  it('follows a hint for Node among the runtimes that have it, but downloads nothing for that (T16)', () => {
    const hint = { engine: 'node', why: 'package.json is in its folder' } as const;
    const chosen = (change = {}) => preferences.map((preference) => selectRuntime(offers({ deno: { score: 10, startMs: 0, memoryMiB: 0 }, ...change }), wish('javascript', preference, { hint })).chosen.id).join(' ');
    expect(chosen()).to.equal('native gvisor docker native');
    expect(chosen({ native: undefined, docker: { prepared: false }, gvisor: { prepared: false } })).to.equal('deno deno deno deno');
  });

  it('says that a hint could not be followed (T16)', () => {
    const { chosen, reason } = selectRuntime(offers(), wish('javascript', 'speed', { hint: { engine: 'bun', why: 'it uses Bun, which only Bun has' } }));
    expect(chosen.id).to.equal('native');
    expect(reason).to.match(/^it uses Bun, which only Bun has, but no runtime with Bun can be used here; /);
  });

  it('counts less than what is strict, and less than a name (T16)', () => {
    const hint = { engine: 'deno', why: 'it says so' } as const;
    expect(selectRuntime(offers(), wish('javascript', 'speed', { hint, strict: true })).chosen.id).to.equal('docker');
    expect(selectRuntime(offers(), wish('javascript', 'speed', { hint, required: { runtimes: ['native'] } }))).to.deep.include({ reason: 'the client asked for it' });
  });

  it('stays the same from day to day, whatever is measured (T16)', () => {
    const former = new Map<string, string>();
    const on = (change: Record<string, Partial<Offer> | undefined>, more: Partial<Wish> = {}) => selectRuntime(offers(change), wish('javascript', 'speed', more), former);
    expect(on({}).chosen.id).to.equal('native');
    const later = on({ native: { startMs: 900 } });
    expect([later.chosen.id, later.reason.includes('chosen before')]).to.deep.equal(['native', true]);
    expect(on({ native: { reason: 'gone' } }).chosen.id, 'what can not be had').to.equal('deno');
    expect(on({ native: { startMs: 900 } }).chosen.id, 'what is there again').to.equal('native');
    expect(on({}, { hint: { engine: 'deno', why: '' } }).chosen.id, 'a hint').to.equal('deno');
    expect(on({ bun }).chosen.id, 'a new runtime').to.equal('bun');
    const { candidates } = choose(offers({ native: { startMs: 900 } }), wish('javascript', 'speed'), former);
    expect(candidates[0]?.runtime).to.equal('native');
  });

  it('is a runtime that runs command lines where no language is named, if there is one (C3)', () => {
    const fast = { deno: { score: 10, startMs: 0, memoryMiB: 0 } };
    expect(preferences.map((preference) => selectRuntime(offers(fast), wish(undefined, preference)).chosen.id).join(' ')).to.equal('native gvisor docker native');
    expect(selectRuntime(offers({ ...fast, native: undefined, docker: { prepared: false }, gvisor: undefined }), wish(undefined, 'speed')).chosen.id).to.equal('docker');
    expect(selectRuntime(offers({ native: undefined, docker: undefined, gvisor: undefined }), wish(undefined, 'speed')).chosen.id).to.equal('deno');
  });
});

describe('session/create', () => {
  const others = [{ id: 'deno', languages: ['javascript'] as LanguageId[], isolation: { score: 10, layers: [] } }, { id: 'bun', languages: ['javascript'] as LanguageId[], isolation: { score: 1, layers: [] } }];
  const options = { languages: ['javascript', 'shellscript'] as LanguageId[], isolation: { score: 2, layers: [] }, others };

  it('takes the runtime for which the program is written, and tells why (T16)', async () => {
    await withDaemon(options, async (daemon) => {
      await daemon.initialize();
      const create = (params: object) => daemon.result('session/create', { language: 'javascript', ...params });
      expect(await create({ program: { path: 'a.js', code: 'Bun.gc()' } })).to.include({ runtime: 'bun', runtimeReason: 'it uses Bun, which only Bun has' });
      expect((await create({ program: { code: 'console.log(1)' } })).runtime).to.equal('deno');
      expect(await create({ runtime: 'deno', program: { code: 'Bun.gc()' } })).to.include({ runtime: 'deno', runtimeReason: 'the client asked for it' });
      expect((await daemon.result('runtime/select', { language: 'javascript', program: { code: 'Bun.gc()' } })).runtime).to.equal('bun');
      expect((await daemon.result('session/create', {})).runtime).to.equal('fake');
    });
  });
});

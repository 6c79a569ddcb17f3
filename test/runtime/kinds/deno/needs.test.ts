/** Deno runs by itself what it understands: only other programs in TypeScript wait for the loader (T6). */
import { expect } from 'chai';
import { readFileSync, rmSync, statSync } from 'node:fs';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { runInNewContext } from 'node:vm';
import { typescript } from '../../../corpus/programs/typescript.ts';

const text = readFileSync(new URL('../../../../server/src/runtime/kinds/deno/needs.mjs', import.meta.url), 'utf8');
const denoItself = {
  readTextFileSync: (path: URL) => readFileSync(path, 'utf8'),
  statSync: (path: URL) => ({ isFile: statSync(path).isFile() }),
};
const needsLoader = runInNewContext(`${text}; needsLoader`, { Deno: denoItself, URL }) as (main: string, source: string) => boolean;

/** What Deno understands by itself. */
const plain = [
  'types of every kind', 'an enum', 'an enum that is declared twice', 'a constant enum', 'a constant enum of another file', 'parameter properties',
  'namespaces', 'JSX with a factory of its own', 'top-level await', 'a module that makes its own __dirname', 'a circle of imports',
  'a shebang and a byte order mark', 'its own stack',
];

describe('the loader of Deno (T6)', () => {
  const folder = mkdtempSync(join(tmpdir(), 'codebeaker-test-needs-'));
  after(() => rmSync(folder, { recursive: true, force: true }));
  let count = 0;
  const isNeeded = (files: Readonly<Record<string, string>>, entry = 'main.ts') => {
    const place = join(folder, `${(count += 1)}`);
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(dirname(join(place, name)), { recursive: true });
      writeFileSync(join(place, name), content);
    }
    return needsLoader(pathToFileURL(join(place, entry)).href, files[entry] ?? '');
  };

  for (const { name, files = {}, entry } of typescript.filter(({ says }) => !says)) {
    const expected = !plain.includes(name);
    it(`is ${expected ? '' : 'not '}waited for by ${name}`, () => expect(isNeeded(files, entry)).to.equal(expected));
  }

  const others: Readonly<Record<string, [needed: boolean, files: Record<string, string>]>> = {
    'imports from elsewhere': [false, { 'main.ts': 'import fs from "node:fs";\nimport x from "npm:x";\nimport y from "https://example.com/y.ts";\nconst z = await import("jsr:@a/z");' }],
    'imports with the extension': [false, { 'main.ts': 'import { a, type T } from "./a.ts";\nimport type { U } from "./a.ts";\nexport * from "./a.ts";\nawait import("./b.ts");', 'a.ts': 'export const a = 1; export type T = 1; export interface U {}', 'b.ts': '' }],
    'an import of a type that does not say so, in another file': [true, { 'main.ts': 'import { a } from "./a.ts";', 'a.ts': 'import { T } from "./t.ts"; export const a: T = 1;', 't.ts': 'export type T = number;' }],
    'an attribute': [false, { 'main.ts': 'import x from "./x.json" with { type: "json" };', 'x.json': '1' }],
    'a file that is not there': [true, { 'main.ts': 'import "./nothing.ts";' }],
    'JavaScript': [false, { 'main.js': 'const x = require("./x");' }],
    'JavaScript beside TypeScript': [true, { 'main.ts': 'import "./x.js";', 'x.js': '' }],
    'decorators without tsconfig.json': [false, { 'main.ts': '@d class A {}' }],
    'decorators with tsconfig.json': [true, { 'main.ts': 'export @d class A {}', 'tsconfig.json': '{}' }],
  };
  for (const [name, [needed, files]] of Object.entries(others)) {
    it(`is ${needed ? '' : 'not '}waited for by ${name}`, () => expect(isNeeded(files, 'main.js' in files ? 'main.js' : 'main.ts')).to.equal(needed));
  }
});

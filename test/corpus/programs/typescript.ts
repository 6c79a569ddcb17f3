/** Programs in TypeScript, each of which uses something that people's tools accept (T6). They mean the same in every runtime. */
import type { Sample } from '../sample.ts';

const why = 'Deno does not ask the hooks of a loader what a module imports that a file in CommonJS requires';
const inDeno = { deno: why, 'deno in bubblewrap': why };
const legacy = JSON.stringify({ compilerOptions: { experimentalDecorators: true } });
const shapes = 'export interface Shape { side: number }\nexport type Name = string;\nexport const area = ({ side }: Shape): number => side * side;\n';

export const typescript: readonly Sample[] = [
  {
    name: 'types of every kind',
    files: {
      'main.ts': [
        'abstract class Base<T> { abstract get(): T; show(this: Base<T>): string { return String(this.get()); } }',
        'class Five extends Base<number> { declare private hidden: string; readonly value!: number; override get() { return 5 satisfies number; } }',
        'function over(a: string): string; function over(a: number): number; function over(a: unknown) { return a; }',
        'const id = <T,>(value: T): T => value; declare const nowhere: string; type Pair = [a: number, b?: string];',
        'let maybe: { a?: number } | undefined = { a: 1 } as const; const pair: Pair = [maybe!.a!, <string>"b"];',
        'function isText(x: unknown): asserts x is string {} isText("");',
        'console.log(new Five().show(), over("x"), id<number>(7), pair.join());',
      ].join('\n'),
    },
    prints: '5 x 7 1,b\n',
  },
  {
    name: 'an enum',
    files: { 'main.ts': 'enum Color { Red, Green = 5, Blue, Text = "t", Size = "abc".length }\nconsole.log(Color.Red, Color.Blue, Color[5], Color.Text, Color.Size, Object.keys(Color).length);\n' },
    prints: '0 6 Green t 3 9\n',
  },
  {
    name: 'an enum that is declared twice',
    files: { 'main.ts': 'enum E { A = 1 }\nenum E { B = A << 3 }\nexport enum F { C = E.B }\nconsole.log(E.A, E.B, E[8], F.C);\n' },
    prints: '1 8 B 8\n',
  },
  {
    name: 'a constant enum',
    files: { 'main.ts': 'const enum Level { Low = 1, High = Low << 4 }\nconsole.log(Level.Low, Level.High);\n' },
    prints: '1 16\n',
  },
  {
    name: 'a constant enum of another file',
    files: { 'main.ts': 'import { Level } from "./level";\nconsole.log(Level.High);\n', 'level.ts': 'export const enum Level { Low = 1, High = 16 }\n' },
    entry: 'main.ts',
    prints: '16\n',
  },
  {
    name: 'parameter properties',
    files: {
      'main.ts': [
        'class Point { sum = 0; constructor(public x: number, private readonly y = 2, protected z?: number) { this.sum = 10 * (this.x + this.y); } }',
        'class Named extends Point { constructor(public name: string) { super(1); } }',
        'const { x, name, sum } = new Named("n");',
        'console.log(x, name, sum);',
      ].join('\n'),
    },
    prints: '1 n 30\n',
  },
  {
    name: 'namespaces',
    files: {
      'main.ts': [
        'namespace A { export const one = 1; const hidden = 2; export function sum() { return one + hidden; } export namespace B { export let text = "b"; } }',
        'namespace A { export const three = A.one + 2; }',
        'namespace A.C.D { export class E { static f = A.three; } }',
        'namespace OnlyTypes { export type T = string; }',
        'function merged() { return merged.extra; }',
        'namespace merged { export const extra = "m"; }',
        'import Short = A.C.D;',
        'console.log(A.sum(), A.B.text, A.three, Short.E.f, merged());',
      ].join('\n'),
    },
    prints: '3 b 3 3 m\n',
  },
  {
    name: 'legacy decorators',
    files: {
      'tsconfig.json': `// with a comment\n${legacy.replace(/}}$/, ',}, /* and a comma */}')}`,
      'main.ts': [
        'const log: string[] = [];',
        'function note(name: string) { return (target: any, key?: string | symbol, at?: any) => void log.push(`${name}:${String(key)}:${typeof at}`); }',
        'function double(_: object, __: string, d: PropertyDescriptor) { const f = d.value; d.value = function (this: any, n: number) { return 2 * f.call(this, n); }; }',
        '@note("class")',
        'export class A {',
        '  @note("field") field = 1;',
        '  constructor(@note("new") private n: number) {}',
        '  @double add(@note("parameter") n: number) { return this.n + n; }',
        '  @note("static") static s() {}',
        '}',
        'console.log(new A(1).add(2), log.join(" "));',
      ].join('\n'),
    },
    entry: 'main.ts',
    prints: '6 field:field:undefined parameter:add:number static:s:object new:undefined:number class:undefined:undefined\n',
  },
  {
    name: 'import and export by assignment',
    files: { 'main.ts': 'import fs = require("node:fs");\nimport lib = require("./lib");\nconsole.log(typeof fs.readFileSync, lib.answer);\n', 'lib.ts': 'const lib = { answer: 42 };\nexport = lib;\n' },
    entry: 'main.ts',
    prints: 'function 42\n',
  },
  {
    name: 'imports of types that do not say so',
    files: {
      'main.ts': 'import { Shape, Name, area } from "./shapes.ts";\nimport type { Name as Other } from "./shapes.ts";\nimport { type Shape as Same } from "./shapes.ts";\nimport Nobody from "./nowhere.ts";\nconst s: Shape & Same = { side: 3 };\nconst n: Name & Other & Nobody = "n" as never;\nexport type { Shape };\nconsole.log(area(s), n);\n',
      'shapes.ts': shapes,
    },
    entry: 'main.ts',
    prints: '9 n\n',
  },
  {
    name: 'imports without an extension',
    files: {
      'main.ts': 'import { area } from "./shapes";\nimport { part } from "./parts";\nimport { from } from "./lib/other.thing";\nexport * from "./shapes";\nconst late = await import("./late");\nconsole.log(area({ side: 2 }), part, from, late.default);\n',
      'shapes.ts': shapes, 'parts/index.ts': 'export { part } from "./part";\n', 'parts/part.tsx': 'export const part: string = "part";\n',
      'lib/other.thing.ts': 'export { up as from } from "..";\n', 'index.ts': 'export const up = "up";\n', 'late.ts': 'export default "late" as string;\n',
    },
    entry: 'main.ts',
    prints: '4 part up late\n',
  },
  {
    name: 'imports of .js that mean TypeScript',
    files: {
      'main.ts': 'import { area } from "./shapes.js";\nimport { m } from "./m.mjs";\nimport { c } from "./c.cjs";\nimport { x } from "./x.jsx";\nimport { real } from "./real.js";\nconsole.log(area({ side: 2 }), m, c, x, real);\n',
      'shapes.ts': shapes, 'm.mts': 'export const m: number = 1;\n', 'c.cts': 'export const c: number = 2;\n', 'x.tsx': 'export const x: number = 3;\n', 'real.js': 'export const real = "js";\n',
    },
    entry: 'main.ts',
    prints: '4 1 2 3 js\n',
  },
  {
    name: 'paths of tsconfig.json',
    files: {
      'tsconfig.json': '{ "extends": "./base.json", "compilerOptions": { "paths": { "@/*": ["./src/*"], "exact": ["./src/exact.ts"], "@two/*": ["./none/*", "./src/two/*"] } } }',
      'base.json': '{\n  // what everything shares\n  "compilerOptions": { "strict": true, "baseUrl": ".", },\n}\n',
      'src/main.ts': 'import { a } from "@/a";\nimport { e } from "exact";\nimport { t } from "@two/t";\nimport { b } from "src/b";\nconsole.log(a, e, t, b);\n',
      'src/a.ts': 'export const a: string = "a";\n', 'src/exact.ts': 'export const e = "e" as const;\n', 'src/two/t.ts': 'export const t: string = "t";\n', 'src/b.ts': 'export const b: string = "b";\n',
    },
    entry: 'src/main.ts',
    prints: 'a e t b\n',
  },
  {
    name: '.mts',
    files: { 'main.mts': 'import { c } from "./c.cts";\nconst x: number = await Promise.resolve(1);\nconsole.log(x, c, typeof import.meta.url);\n', 'c.cts': 'const c: string = "c";\nmodule.exports = { c };\n' },
    entry: 'main.mts',
    prints: '1 c string\n',
  },
  {
    name: '.cts',
    files: { 'main.cts': 'import path = require("node:path");\nenum E { A = 4 }\nconsole.log(path.basename(__filename), E.A, typeof require, typeof module.exports);\n' },
    entry: 'main.cts',
    prints: 'main.cts 4 function object\n',
  },
  {
    name: 'JSX with a factory of its own',
    files: { 'main.tsx': '/** @jsxRuntime classic */\n/** @jsx h */\n/** @jsxFrag Fragment */\nconst Fragment = "frag";\ntype Props = { n?: number } | null;\nfunction h(name: string, props: Props, ...rest: unknown[]): string { return `${name}(${JSON.stringify(props)},${rest.join()})`; }\nconsole.log(<><b n={1}>text</b>{"x" as string}</>);\n' },
    entry: 'main.tsx',
    prints: 'frag(null,b({"n":1},text),x)\n',
  },
  {
    name: 'JSX with React',
    files: {
      'tsconfig.json': '{ "compilerOptions": { "jsx": "react" } }',
      'main.jsx': 'const React = { createElement: (name, props, ...rest) => [name, props?.id, ...rest].join(":") };\nconsole.log(<p id="i">text</p>);\n',
    },
    entry: 'main.jsx',
    prints: 'p:i:text\n',
  },
  {
    name: 'JSX with a runtime of its own',
    files: {
      'tsconfig.json': '{ "compilerOptions": { "jsx": "react-jsx", "jsxImportSource": "lib", "paths": { "lib/*": ["./jsx.ts"] } } }',
      'main.tsx': 'console.log(<p id="i">text</p> as unknown as string);\n',
      'jsx.ts': 'export const jsx = (name: string, props: { id: string; children: string }): string => `${name}:${props.id}:${props.children}`;\nexport { jsx as jsxs, jsx as jsxDEV };\nexport const Fragment = "";\n',
    },
    entry: 'main.tsx',
    prints: 'p:i:text\n',
  },
  {
    name: 'JSX as tsconfig.json says',
    files: {
      'tsconfig.json': '{ "compilerOptions": { "jsx": "react", "jsxFactory": "h" } }',
      'main.tsx': 'import { h } from "./h";\nconsole.log(<p id="i">text</p>);\n', 'h.ts': 'export const h = (name: string, props: { id: string }, text: string): string => name + props.id + text;\n',
    },
    entry: 'main.tsx',
    prints: 'pitext\n',
  },
  {
    name: 'top-level await',
    files: { 'main.ts': 'const wait = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));\nawait wait(1);\nfor await (const x of [1, 2] as const) console.log(x);\n' },
    prints: '1\n2\n',
  },
  {
    name: 'CommonJS by package.json',
    files: {
      'package.json': '{ "type": "commonjs" }',
      'main.ts': 'const { join } = require("node:path") as typeof import("node:path");\nconst { value }: { value: number } = require("./lib");\nenum E { A }\nconsole.log(join(__dirname, "x") === __filename.replace("main.ts", "x"), value, require.main === module, E.A);\n',
      'lib.ts': 'const value: number = 3;\nmodule.exports = { value };\n',
    },
    entry: 'main.ts',
    prints: 'true 3 true 0\n',
  },
  {
    name: 'imports in a file with __dirname and require',
    files: {
      'package.json': '{ "name": "x" }',
      'main.ts': 'import { basename } from "node:path";\nimport { value } from "./lib";\nconst data = require("./data.json");\nconsole.log(basename(__filename), __filename.startsWith(__dirname), value, data.x);\n',
      'lib.ts': 'export const value: number = 3;\n', 'data.json': '{ "x": 1 }',
    },
    entry: 'main.ts',
    prints: 'main.ts true 3 1\n',
  },
  {
    name: 'a module that makes its own __dirname',
    files: { 'main.ts': 'import { dirname, basename } from "node:path";\nimport { fileURLToPath } from "node:url";\nconst __filename: string = fileURLToPath(import.meta.url);\nconst __dirname = dirname(__filename);\nconsole.log(__filename.startsWith(__dirname), basename(__filename).startsWith("main"));\n' },
    prints: 'true true\n',
  },
  {
    name: 'imports of JSON',
    files: {
      'main.ts': 'import data from "./data.json";\nimport same from "./data.json" with { type: "json" };\nconst x: number = data.x;\nconsole.log(x, same.list.length);\n',
      'data.json': '{ "x": 1, "list": [1, 2] }',
    },
    entry: 'main.ts',
    prints: '1 2\n',
  },
  {
    name: 'ES modules by package.json',
    files: { 'package.json': '{ "type": "module" }', 'main.ts': 'import { x } from "./x.js";\nenum E { A = x }\nconsole.log(E.A, import.meta.url.endsWith("/main.ts"));\n', 'x.ts': 'export const x: number = 1;\n' },
    entry: 'main.ts',
    prints: '1 true\n',
  },
  {
    name: 'JavaScript between TypeScript',
    files: { 'main.ts': 'import between from "./between.js";\nconsole.log(between.E.A);\n', 'between.js': 'module.exports = require("./e");\n', 'e.ts': 'export enum E { A = 3 }\n' },
    entry: 'main.ts',
    prints: '3\n',
  },
  {
    name: 'a module with imports that is required',
    lacks: inDeno,
    files: { 'main.cts': 'const { y }: { y: number } = require("./y");\nconsole.log(y);\n', 'y.ts': 'import { x } from "./x";\nexport const y: number = x + 1;\n', 'x.ts': 'export const x: number = 1;\n' },
    entry: 'main.cts',
    prints: '2\n',
  },
  {
    name: 'names of a file in CommonJS',
    files: {
      'main.ts': 'import { one, two, three } from "./lib.cjs";\nimport all, { four } from "./more";\nimport fs from "fs";\nconsole.log(one, two, three, all.four, four, typeof fs.readFileSync);\n',
      'lib.cts': 'export const one: number = 1;\nconst path = require("node:path");\nexport { two, three } from "./numbers";\nif (typeof path.join !== "function") throw new Error("no path");\n',
      'numbers.ts': 'export enum N { Two = 2 }\nexport const two = N.Two, three = 3;\n', 'more.ts': 'const four: number = 4;\nmodule.exports = { four };\n',
    },
    entry: 'main.ts',
    prints: '1 2 3 4 4 function\n',
  },
  {
    name: 'a circle of imports',
    files: { 'main.ts': 'import { a } from "./a";\nconsole.log(a());\n', 'a.ts': 'import { b } from "./b";\nexport enum N { One = 1 }\nexport const a = () => b();\n', 'b.ts': 'import { N } from "./a";\nexport const b = (): number => N.One;\n' },
    entry: 'main.ts',
    prints: '1\n',
  },
  {
    name: 'a shebang and a byte order mark',
    files: { 'main.ts': '\ufeff#!/usr/bin/env tsx\nenum E { A = 2 }\nconsole.log(E.A);\n' },
    entry: 'main.ts',
    prints: '2\n',
  },
  {
    name: 'its own stack',
    files: {
      'main.ts': 'interface Long {\n  a: string;\n  b: string;\n}\nenum E { A }\n\nfunction where(x: Long): string {\n  return /main[^:/]*:(\\d+):\\d+/.exec(new Error("x").stack ?? "")?.[1] ?? "none";\n}\nconsole.log(where({ a: "", b: "" }), E.A);\n',
    },
    prints: '8 0\n',
  },
  {
    name: 'an error that nobody catches names the lines of the TypeScript',
    files: { 'main.ts': 'import { fail } from "./fail";\n\n\nenum E { A }\nfail(E.A);\n', 'fail.ts': 'interface Nothing {\n  n: number;\n}\nenum Z { A }\n\nexport function fail(n: number): never {\n  throw new RangeError(`boom ${n}`);\n}\n' },
    env: { NO_COLOR: '1' },
    says: [/RangeError: boom 0/, /fail\.ts:7:\d+/, /main\.ts:5:\d+/],
  },
  {
    name: 'an error of syntax is told with file, line and column',
    files: { 'main.ts': 'const a: number = 1;\nconst b: string = ;\n' },
    env: { NO_COLOR: '1' },
    says: [/main\.ts:2:19/],
  },
  {
    name: 'an error of syntax in an imported file is told with that file',
    files: { 'main.ts': 'import "./bad";\n', 'bad.ts': 'enum E { A }\nfunction f( {\n' },
    env: { NO_COLOR: '1' },
    says: [/bad\.ts:\d+:\d+/],
  },
  {
    name: 'a file that is not there is told by its name',
    files: { 'main.ts': 'import { x } from "./nothing";\nconsole.log(x);\n' },
    env: { NO_COLOR: '1' },
    says: [/nothing/],
  },
  {
    name: 'it does not find the loader in what was required (T9)',
    files: { 'main.ts': 'enum E { A }\nconst kept = [...Object.keys(require.cache), ...Object.values(require("module")._pathCache ?? {})].map(String);\nconsole.log(E.A, kept.filter((file) => /(?:loader|translator|deno|hook)\\.cjs$/.test(file)));\n' },
    prints: '0 []\n',
  },
  {
    name: 'the stack of an error does not lead to the loader (T9)',
    files: { 'main.ts': 'enum E { A }\ntry { require("./nothing"); } catch (fault) { console.log(E.A, /nothing/.test((fault as Error).message), /typescript\\/|bootstrap|\\.cjs/.test(String((fault as Error).stack))); }\n' },
    prints: '0 true false\n',
  },
];

/** A program under Deno is started by bootstrap.mjs, and must not notice that. */
import { expect } from 'chai';
import type { Sandbox } from '../../../../server/src/runtime/ports.ts';
import { need, npmPackage } from '../../../require.ts';
import { create, rejects, run, textOf, useSandbox, write } from '../../contract/harness.ts';
import { denoSubject } from './subject.ts';

describe('the main file of a program under deno', () => {
  before(need('deno', npmPackage('deno')));
  const held = useSandbox({ make: denoSubject });

  async function runFile(name: string, source: string, args: readonly string[] = [], sandbox: Sandbox = held.sandbox) {
    await write(sandbox, `/workspace/${name}`, source);
    return run(sandbox, ['deno', 'run', `/workspace/${name}`, ...args], { env: { NO_COLOR: '1' } });
  }

  async function output(name: string, source: string, args: readonly string[] = []): Promise<string> {
    await write(held.sandbox, `/workspace/${name}`, source);
    return textOf(held.sandbox, ['deno', 'run', `/workspace/${name}`, ...args], { env: { NO_COLOR: '1' } });
  }

  const mains: Record<string, [file: string, source: string, output: string]> = {
    'by import.meta.main': ['main.ts', 'console.log(import.meta.main)', 'true\n'],
    'by import.meta.main, taken apart': ['main.js', 'const { main } = import.meta; console.log(main)', 'true\n'],
    'by import.meta.main after a shebang': ['main.js', '#!/usr/bin/env -S deno run\nif (import.meta.main) console.log(new Error("x").stack.match(/:2:\\d+/) !== null)', 'true\n'],
    'by import.meta.main among others': ['main.ts', 'import "./other.ts"; console.log(import.meta.main)', 'false\ntrue\n'],
    'by its name': ['some thing #1?.ts', 'console.log(import.meta.filename === Deno.cwd() + "/some thing #1?.ts", import.meta.url === Deno.mainModule)', 'true true\n'],
    'by Deno.mainModule': ['main.ts', 'console.log(Deno.mainModule === import.meta.url)', 'true\n'],
    'by process.argv': ['main.js', 'import process from "node:process"; console.log(process.argv[1] === import.meta.filename, process.argv.length)', 'true 2\n'],
    'by require.main': ['main.js', 'const { sep } = require("path"); console.log(require.main === module, __filename === process.argv[1], sep)', 'true true /\n'],
    'in CommonJS by name': ['main.cjs', 'console.log(require.main === module)', 'true\n'],
    'in CommonJS with CommonJS beside it': ['main.js', 'console.log(require("./lib").answer, require("./esm").answer)', '42 43\n'],
    'in CommonJS with an async function': ['main.js', 'const os = require("os"); async function main() { await 1; console.log(os.EOL === "\\n"); } main();', 'true\n'],
    'as a module that makes its own require': ['main.js', 'const { createRequire } = await import("node:module"); const require = createRequire(import.meta.url); console.log(require("./lib").answer)', '42\n'],
    'as a module that speaks of require(': ['main.js', 'export {}; console.log(typeof require, "require(")', 'undefined require(\n'],
    'with top-level await': ['main.ts', 'const value = await Promise.resolve(5); console.log(value)', '5\n'],
    'in CommonJS of TypeScript, with no trace of the loader': ['main.ts', 'const os: object = require("os"); console.log(require.main === module, Object.keys(require.cache).length, Object.keys(Deno.env.toObject()).some((name) => name.startsWith("CODEBEAKER")), process.argv.length)', 'true 1 false 2\n'],
    'as a module with the loader': ['main.ts', 'import os from "os"; import "./other"; console.log(import.meta.main, import.meta.filename === process.argv[1])', 'false\ntrue true\n'],
    'in JSX': ['main.jsx', 'const React = { createElement: (name) => name }; console.log(<b/>)', 'b\n'],
    'with a byte order mark': ['main.js', '\ufeffconsole.log(import.meta.main)', 'true\n'],
  };
  before(async () => {
    await write(held.sandbox, '/workspace/other.ts', 'console.log(import.meta.main)');
    await write(held.sandbox, '/workspace/lib.js', 'exports.answer = 42');
    await write(held.sandbox, '/workspace/esm.js', 'export const answer = 43');
  });
  for (const [name, [file, source, expected]] of Object.entries(mains)) {
    it(`recognizes itself as the main file ${name}`, async () => {
      expect(await output(file, source)).to.equal(expected);
    });
  }

  it('gets its arguments, also in a worker', async () => {
    const source = 'new Worker("data:text/javascript,console.log(JSON.stringify(Deno.args)); close()", { type: "module" }); console.log(JSON.stringify(Deno.args))';
    expect(await output('args.ts', source, ['--allow-all', '-A', 'x'])).to.equal('["--allow-all","-A","x"]\n'.repeat(2));
  });

  it('can be in any directory, and run in another', async () => {
    await write(held.sandbox, '/tmp/main.ts', 'import { x } from "./x.ts"; console.log(x, Deno.cwd().endsWith("/workspace"))');
    await write(held.sandbox, '/tmp/x.ts', 'export const x = 1;');
    expect(await textOf(held.sandbox, ['deno', 'run', '/tmp/main.ts'])).to.equal('1 true\n');
  });

  const failures: Record<string, [file: string, source: string, stderr: RegExp, code: number]> = {
    'an error nobody catches': ['fail.ts', 'interface A { b: number }\nfunction f(a: A) { throw new Error("boom " + a.b) }\nf({ b: 1 })', /^error: Uncaught \(in promise\) Error: boom 1\n.*\n.*\n {4}at f \(file:.*\/fail\.ts:2:26\)\n {4}at file:.*\/fail\.ts:3:1\n$/, 1],
    'an error in main': ['fail.js', '\nif (import.meta.main) throw new Error("boom")', /at file:.*\/fail\.js:2:29\n$/, 1],
    'a rejection': ['fail.js', 'Promise.reject(new Error("boom"))', /Uncaught \(in promise\) Error: boom/, 1],
    'a syntax error': ['fail.ts', 'const x = ;', /Expression expected[^]*fail\.ts:1:11/, 1],
    'an import that is not there': ['fail.ts', 'import "./nowhere.ts"', /Module not found "file:.*\/nowhere\.ts"/, 1],
    'an await that never ends': ['fail.js', 'await new Promise(() => {})', /Top-level await promise never resolved/, 1],
    'a code of its own': ['fail.js', 'import process from "node:process"; process.exitCode = 9; console.error("x")', /^x\n$/, 9],
    'what it exits with': ['fail.js', 'console.error("x"); Deno.exit(11)', /^x\n$/, 11],
    'an error in CommonJS': ['fail.js', 'const x = require("fs"); throw new TypeError("boom " + typeof x)', /TypeError: boom object[^]*fail\.js:1:32/, 1],
  };
  for (const [name, [file, source, stderr, code]] of Object.entries(failures)) {
    it(`fails as it would without bootstrap.mjs: ${name}`, async () => {
      const ran = await runFile(file, source);
      expect(ran.exit).to.deep.include({ kind: 'exited', code });
      expect(ran.stderr.toString()).to.match(stderr);
    });
  }

  it('fails if it does not exist', async () => {
    const ran = await run(held.sandbox, ['deno', 'run', '/workspace/nowhere.ts'], { env: { NO_COLOR: '1' } });
    expect(ran.exit).to.deep.include({ kind: 'exited', code: 1 });
    expect(ran.stderr.toString()).to.match(/Module not found/);
  });

  it('is the only thing that can be started: no shell, no other program, no other flags', async () => {
    const commands = ['echo hello', ['sh', '-c', 'true'], ['deno', 'eval', '1'], ['deno', 'run', '-A', '/workspace/main.ts'], ['deno', 'run', 'main.ts'], ['deno', 'run'], ['deno'], []];
    for (const command of commands) {
      const fault = await rejects(run(held.sandbox, command), 'LanguageUnsupported');
      expect(fault.message).to.match(/shell/);
    }
    await rejects(run(held.sandbox, ['deno', 'run', '/etc/main.ts']), 'InvalidPath');
    await rejects(run(held.sandbox, ['deno', 'run', '/workspace/../../bootstrap.mjs']), 'InvalidPath');
  });

  it('does not see what another sandbox stored', async () => {
    const source = 'localStorage.setItem("n", String(Number(localStorage.getItem("n") ?? 0) + 1)); console.log(localStorage.getItem("n"))';
    expect(await output('store.ts', source)).to.equal('1\n');
    const other = await create(held.subject);
    try {
      const { stdout } = await runFile('store.ts', source, [], other);
      expect(stdout.toString()).to.equal('1\n');
    } finally {
      await other.close();
    }
  });

  it('is ended if it uses more memory than its limit outside of the heap', async () => {
    const sandbox = await create(held.subject, { limits: { memoryBytes: 160 * 1024 * 1024, cpus: 1, pids: 1, diskBytes: 1 << 20, outputBytes: 1 << 20, timeoutMs: 0, packageBytes: 1 << 20 } });
    try {
      const { exit } = await runFile('hog.js', 'const all = []; setInterval(() => all.push(new Uint8Array(4e6).fill(1)), 1)', [], sandbox);
      expect(exit).to.deep.include({ kind: 'memoryLimit', signal: 'SIGKILL', code: null });
      expect('usage' in exit && exit.usage?.peakMemoryBytes).to.be.above(160 * 1024 * 1024);
      const { stdout } = await runFile('fill.js', 'try { Deno.writeFileSync("big", new Uint8Array(2 << 20)) } catch (fault) { console.log(fault.message) }', [], sandbox);
      expect(stdout.toString()).to.match(/File too large/);
    } finally {
      await sandbox.close();
    }
  });
});

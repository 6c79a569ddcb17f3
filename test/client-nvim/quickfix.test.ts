/** The quickfix list: places of a failed program, as places of the buffer. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { image } from '../e2e/environment.ts';
import { dockerImage, need, npmPackage } from '../require.ts';
import { type Editor, quote } from './editor.ts';
import { docker, inNeovim, newest } from './neovims.ts';

interface Item { readonly bufnr: number; readonly lnum: number; readonly col: number; readonly text: string }

const list = async (editor: Editor) => {
  const items = await editor.lua<Item[] | object>('return vim.fn.getqflist()');
  return Array.isArray(items) ? (items as Item[]) : [];
};

/** The first place, as file, line and text. */
async function first(editor: Editor): Promise<string> {
  const [item] = await list(editor);
  if (!item) return 'nothing';
  const name = await editor.lua<string>(`return vim.fn.fnamemodify(vim.api.nvim_buf_get_name(${item.bufnr}), ':t')`);
  return `${name}:${item.lnum} ${item.text}`;
}

const failing: Record<string, { text: string; says: RegExp }> = {
  'python.py': { text: 'def f():\n    return 1 / 0\nf()', says: /^python\.py:2 ZeroDivisionError: division by zero \(in f\)$/ },
  'syntax.py': { text: 'x = 1\nx = = 2', says: /^syntax\.py:2 SyntaxError: invalid syntax$/ },
  'node.js': { text: 'function f() {\n  throw new TypeError("boom");\n}\nf();', says: /^node\.js:2 TypeError: boom \(in f\)$/ },
  'parse.js': { text: 'let x = 1;\nlet y = ;', says: /^parse\.js:2 SyntaxError: Unexpected token/ },
  'panic.go': { text: 'package main\n\nfunc main() {\n\tvar a []int\n\t_ = a[3]\n}', says: /^panic\.go:5 panic: runtime error: index out of range/ },
  'compile.go': { text: 'package main\n\nfunc main() {\n\tx\n}', says: /^compile\.go:4 undefined: x$/ },
  'Compile.cs': { text: 'class A {\n  static void Main() { Nothing(); }\n}', says: /^Compile\.cs:2 error CS0103: / },
  'ruby.rb': { text: 'def f\n  raise "boom"\nend\nf', says: /^ruby\.rb:2 boom \(RuntimeError\)$/ },
  'shell.sh': { text: 'echo up\nno-such-program\nexit 1', says: /^shell\.sh:2 no-such-program: not found$/ },
};

inNeovim('errors of a program', (editor) => {
  before(need('docker', dockerImage(image)));

  for (const [file, { text, says }] of Object.entries(failing)) {
    it(`are found for ${file}`, async () => {
      await editor().buffer(text, { file });
      await editor().command('SandboxRun');
      await editor().ended();
      expect(await first(editor())).to.match(says);
    });
  }

  it('lead to the line of the buffer for a range', async () => {
    await editor().buffer('a = 1\n\nif a:\n    print(1)\n    print(nothing)\n', { file: 'range.py' });
    await editor().command('4,5SandboxRun');
    await editor().ended();
    expect(await first(editor())).to.equal("range.py:5 NameError: name 'nothing' is not defined (in <module>)");
    await editor().command('cfirst');
    expect(await editor().lua("return vim.fn.line('.')")).to.equal(5);
  });

  it('lead into the neighbours that were copied', async () => {
    mkdirSync(join(editor().folder, 'deep'), { recursive: true });
    writeFileSync(join(editor().folder, 'deep/other.py'), '\n\nraise KeyError("deep")\n');
    await editor().setup({ trusted: true });
    await editor().buffer('import deep.other\n', { file: 'outer.py' });
    await editor().command('SandboxRun');
    await editor().ended();
    expect(await first(editor())).to.match(/^other\.py:3 KeyError: 'deep'/);
    expect((await list(editor())).map(({ lnum }) => lnum)).to.deep.equal([3, 1]);
  });

  it('leave the list alone where there are none', async () => {
    const before = await list(editor());
    await editor().buffer('print(1)', { file: 'fine.py' });
    await editor().command('SandboxRun');
    await editor().ended();
    expect(await list(editor())).to.deep.equal(before);
  });

  it('open the list where that is wanted', async () => {
    await editor().setup({ quickfix: 'open' });
    await editor().buffer('1 / 0', { file: 'open.py' });
    await editor().command('SandboxRun');
    await editor().ended();
    expect(await editor().lua("return vim.fn.getqflist({ winid = 0 }).winid ~= 0 and vim.fn.expand('%')")).to.equal('open.py');
  });
}, docker);

inNeovim('errors in Deno', (editor) => {
  before(need('deno', npmPackage('deno')));

  it('are found, wherever Deno has the file', async () => {
    await editor().buffer('const f = (): never => {\n  throw new TypeError("boom");\n};\nf();\n', { file: 'deno.ts' });
    await editor().command('SandboxRun');
    await editor().ended();
    expect(await first(editor())).to.match(/^deno\.ts:2 .*TypeError: boom \(in f\)$/);
  });
}, { setup: { runtime: 'deno' } });

/** What the sandboxes of the tests do not print, but others do. */
const printed: Record<string, { language: string; output: string; places: unknown[] }> = {
  'dotnet': {
    language: 'csharp',
    output: 'Unhandled exception. System.Exception: boom\n   at A.F() in /workspace/a.cs:line 3\n   at A.Main() in /workspace/a.cs:line 7\n',
    places: [['/workspace/a.cs', 3, 'Unhandled exception. System.Exception: boom (in A.F())'], ['/workspace/a.cs', 7, 'in A.Main()']],
  },
  'mono with debugging information': {
    language: 'csharp',
    output: '[ERROR] FATAL UNHANDLED EXCEPTION: System.Exception: boom\n  at A.Main () [0x00001] in /workspace/a.cs:2 \n',
    places: [['/workspace/a.cs', 2, '[ERROR] FATAL UNHANDLED EXCEPTION: System.Exception: boom (in A.Main ())']],
  },
  'bash': { language: 'shellscript', output: '/workspace/a.sh: line 2: foo: command not found\n', places: [['/workspace/a.sh', 2, 'foo: command not found']] },
  'Ruby 3.4': {
    language: 'ruby',
    output: "/workspace/a.rb:2:in 'f': boom (RuntimeError)\n\tfrom /workspace/a.rb:4:in '<main>'\n",
    places: [['/workspace/a.rb', 2, 'boom (RuntimeError)'], ['/workspace/a.rb', 4, "in '<main>'"]],
  },
  'Python in colours': {
    language: 'python',
    output: 'Traceback (most recent call last):\r\n  File \x1b[35m"/workspace/a.py"\x1b[0m, line \x1b[35m1\x1b[0m, in \x1b[35m<module>\x1b[0m\r\n\x1b[1;35mValueError\x1b[0m: \x1b[35mx\x1b[0m\r\nafterwards\r\n',
    places: [['/workspace/a.py', 1, 'ValueError: x (in <module>)']],
  },
  'a module of Node': {
    language: 'javascript',
    output: 'file:///workspace/a.mjs:3\nthrow new Error("x");\n\nError: x\n    at async file:///workspace/a.mjs:3:7\n    at node:internal/x:1:2\n',
    places: [['file:///workspace/a.mjs', 3, 'Error: x'], ['node:internal/x', 1, '']],
  },
};

inNeovim('a traceback', (editor) => {
  for (const [name, { language, output, places }] of Object.entries(printed)) {
    it(`of ${name} is understood`, async () => {
      const found = await editor().lua<{ path: string; line: number; text: string }[]>(
        `return require('codebeaker.traceback').places('${language}', vim.json.decode(${quote(JSON.stringify(output))}))`,
      );
      expect(found.map(({ path, line, text }) => [path, line, text])).to.deep.equal(places);
    });
  }
}, { only: newest });

/** The quickfix list, which is filled when a program fails. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { image } from '../e2e/environment.ts';
import { dockerImage, need, npmPackage } from '../require.ts';
import type { Editor } from './editor.ts';
import { docker, inNeovim } from './neovims.ts';

interface Item { readonly bufnr: number; readonly lnum: number; readonly col: number; readonly text: string }

const list = async (editor: Editor) => {
  const items = await editor.lua<Item[] | object>('return vim.fn.getqflist()');
  return Array.isArray(items) ? (items as Item[]) : [];
};

/** The first item, as file, line and text. */
async function first(editor: Editor): Promise<string> {
  const [item] = await list(editor);
  if (!item) return 'no item';
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
  'Compile.cs': { text: 'class A {\n  static void Main() { Nothing(); }\n}', says: /^Compile\.cs:2 CS0103: / },
  'ruby.rb': { text: 'def f\n  raise "boom"\nend\nf', says: /^ruby\.rb:2 boom \(RuntimeError\) \(in f\)$/ },
  'shell.sh': { text: 'echo up\nno-such-program\nexit 1', says: /^shell\.sh:2 no-such-program: not found$/ },
};

inNeovim('the quickfix list', (editor) => {
  before(need('docker', dockerImage(image)));

  for (const [file, { text, says }] of Object.entries(failing)) {
    it(`has the error of ${file}`, async () => {
      await editor().buffer(text, { file });
      await editor().command('SandboxRun');
      await editor().ended();
      expect(await first(editor())).to.match(says);
    });
  }

  it('has the line of the buffer if a range was run', async () => {
    await editor().buffer('a = 1\n\nif a:\n    print(1)\n    print(nothing)\n', { file: 'range.py' });
    await editor().command('4,5SandboxRun');
    await editor().ended();
    expect(await first(editor())).to.equal("range.py:5 NameError: name 'nothing' is not defined (in <module>)");
    await editor().command('cfirst');
    expect(await editor().lua("return vim.fn.line('.')")).to.equal(5);
  });

  it('has places in other files of the folder that were copied', async () => {
    mkdirSync(join(editor().folder, 'deep'), { recursive: true });
    writeFileSync(join(editor().folder, 'deep/other.py'), '\n\nraise KeyError("deep")\n');
    await editor().setup({ trusted: true });
    await editor().buffer('import deep.other\n', { file: 'outer.py' });
    await editor().command('SandboxRun');
    await editor().ended();
    expect(await first(editor())).to.match(/^other\.py:3 KeyError: 'deep'/);
    expect((await list(editor())).map(({ lnum }) => lnum)).to.deep.equal([3, 1]);
  });

  it('stays as it is if the program succeeds', async () => {
    const before = await list(editor());
    await editor().buffer('print(1)', { file: 'fine.py' });
    await editor().command('SandboxRun');
    await editor().ended();
    expect(await list(editor())).to.deep.equal(before);
  });

  it('is opened if the option says so', async () => {
    await editor().setup({ quickfix: 'open' });
    await editor().buffer('1 / 0', { file: 'open.py' });
    await editor().command('SandboxRun');
    await editor().ended();
    expect(await editor().lua("return vim.fn.getqflist({ winid = 0 }).winid ~= 0 and vim.fn.expand('%')")).to.equal('open.py');
  });
}, docker);

inNeovim('the quickfix list of a program in Deno', (editor) => {
  before(need('deno', npmPackage('deno')));

  it('has the place in the buffer, although Deno prints a path on this machine', async () => {
    await editor().buffer('const f = (): never => {\n  throw new TypeError("boom");\n};\nf();\n', { file: 'deno.ts' });
    await editor().command('SandboxRun');
    await editor().ended();
    expect(await first(editor())).to.match(/^deno\.ts:2 .*TypeError: boom \(in f\)$/);
  });
}, { setup: { runtime: 'deno' } });

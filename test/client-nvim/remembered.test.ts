/** The arguments, environment and input of a program: asked for, remembered for each file, forgotten. */
import { expect } from 'chai';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { image, until } from '../e2e/environment.ts';
import { dockerImage, need } from '../require.ts';
import type { Editor } from './editor.ts';
import { inNeovim, newest } from './neovims.ts';

const program = `import os, sys
print("got", sys.argv[1:], os.environ.get("NAME"), os.environ.get("ALL"))
print("read", repr(sys.stdin.read()) if not sys.stdin.isatty() else "the keyboard")`;

/** Answers one question after the other, each time in place of what is offered. The program has started when it resolves. */
async function answers(editor: Editor, texts: readonly string[]): Promise<void> {
  await asks(editor);
  await editor.type(texts.map((text) => `<C-u>${text}<CR>`).join(''));
  await until('no question is asked any more', async () => (await commandLine(editor)) === '');
}

const asks = (editor: Editor) => until('a question is asked', async () => (await commandLine(editor)) === '@');

/** The type of the command line: `@` for a question, `:` for a command that is typed, empty where there is none. */
const commandLine = (editor: Editor) => editor.lua<string>('return vim.fn.getcmdtype()');

/** Starts a command that asks questions. It only ends after the answers, so it is not awaited. */
const asking = (editor: Editor, command: string) => editor.type(`:${command}<CR>`);

const ran = async (editor: Editor) => (await editor.ended()).text;

inNeovim('arguments, environment and input', (editor) => {
  before(need('docker', dockerImage(image)));
  const file = () => editor().lua<string>("return require('codebeaker.remembered').path()");

  it('are asked for by :SandboxRun!', async () => {
    await editor().buffer(program, { file: 'with.py' });
    await asking(editor(), 'SandboxRun!');
    await answers(editor(), ["one 'two words'", 'NAME=Ada', String.raw`a\nb`]);
    const text = await ran(editor());
    expect(text).to.include("got ['one', 'two words'] Ada always").and.include(String.raw`read 'a\nb\n'`);
  });

  it('are remembered for the file, and for no other', async () => {
    await editor().command('SandboxRun');
    expect(await ran(editor())).to.include("['one', 'two words'] Ada").and.include(String.raw`'a\nb\n'`);
    await editor().buffer(program, { file: 'other.py' });
    await editor().command('SandboxRun');
    expect(await ran(editor())).to.include("got ['by', 'default'] None always\nread the keyboard");
  });

  it('are kept in a file that only the owner can read', async () => {
    const path = await file();
    expect(JSON.parse(readFileSync(path, 'utf8'))).to.deep.equal([
      { file: `${editor().folder}/with.py`, args: ['one', 'two words'], env: { NAME: 'Ada' }, stdin: 'a\nb\n' },
    ]);
    expect(statSync(path).mode & 0o777).to.equal(0o600);
  });

  it('are overridden by arguments of the command, which are not remembered', async () => {
    await editor().command('edit with.py');
    await editor().command('SandboxRun three');
    expect(await ran(editor())).to.include("['three'] Ada");
    await editor().command('SandboxRun');
    expect(await ran(editor())).to.include("['one', 'two words'] Ada");
  });

  it('are not used for a range, except the environment', async () => {
    await editor().command('1,3SandboxRun');
    expect(await ran(editor())).to.include("got ['by', 'default'] Ada always\nread the keyboard");
  });

  it('are offered when they are asked for again, and an answer that cannot be read is refused', async () => {
    await asking(editor(), 'SandboxRun! new');
    await until('the arguments of the command are offered', async () => (await editor().lua<string>('return vim.fn.getcmdline()')) === 'new');
    await answers(editor(), ["'open", 'new', 'no-assignment', 'NAME=Eve', '']);
    expect(await ran(editor())).to.include("got ['new'] Eve always\nread the keyboard");
  });

  it('stay as they are after Escape, and nothing runs', async () => {
    const before = (await editor().outputs()).length;
    await asking(editor(), 'SandboxRun!');
    await asks(editor());
    await editor().type('<Esc>');
    await until('a message says so', async () => (await editor().messages()).some((text) => text.includes('nothing was run')));
    expect(await editor().outputs()).to.have.lengthOf(before);
    expect(JSON.parse(readFileSync(await file(), 'utf8'))).to.deep.include({ file: `${editor().folder}/with.py`, args: ['new'], env: { NAME: 'Eve' } });
  });

  it('are forgotten if all answers are empty', async () => {
    await asking(editor(), 'SandboxRun!');
    await answers(editor(), ['', '', '']);
    expect(await ran(editor())).to.include("got [] None always\nread the keyboard");
    expect(JSON.parse(readFileSync(await file(), 'utf8'))).to.deep.equal([]);
  });

  it('are remembered for a buffer without a file, but not on the disk', async () => {
    await editor().buffer(program, { filetype: 'python' });
    await editor().lua("require('codebeaker').remember({ args = { 'nameless' } })");
    await editor().command('SandboxRun');
    expect(await ran(editor())).to.include("got ['nameless']");
    expect(JSON.parse(readFileSync(await file(), 'utf8'))).to.deep.equal([]);
  });

  it('do not keep Ctrl-C from interrupting a program whose input was given', async () => {
    await editor().buffer('import time\nprint(input(), flush=True)\ntime.sleep(600)', { file: 'sleeps.py' });
    await editor().setup({ focus: true });
    await editor().lua("require('codebeaker').run({ stdin = 'given\\n' })");
    await editor().shows('given');
    await editor().answer('typed');
    expect((await editor().interrupt()).text).to.match(/^given\n\^C\n[^]*KeyboardInterrupt/);
    await editor().leave();
  });
}, { setup: { runtime: 'docker', env: { ALL: 'always' }, args: ['by', 'default'] } });

inNeovim('the file of what is remembered', (editor) => {
  it('keeps the last 200 files, and counts as empty if it is damaged', async () => {
    const found = await editor().lua<number>(`
      local remembered = require('codebeaker.remembered')
      for n = 1, 201 do
        vim.cmd('edit many' .. n .. '.py')
        remembered.remember(0, { args = { tostring(n) } })
      end
      return #vim.json.decode(table.concat(vim.fn.readfile(remembered.path()), ''))`);
    expect(found).to.equal(200);
    const last = "return (require('codebeaker.remembered').of(0).args or {})[1]";
    expect(await editor().lua(last)).to.equal('201');
    writeFileSync(await editor().lua<string>("return require('codebeaker.remembered').path()"), '{ broken');
    expect(await editor().lua(last)).to.equal(null);
  });
}, { only: newest });

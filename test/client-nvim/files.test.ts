/** (V9) What a program made is brought home from its sandbox: :SandboxFiles. */
import { expect } from 'chai';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { casesOf } from '../client-cases/cases.ts';
import { image, until } from '../e2e/environment.ts';
import { dockerImage, need } from '../require.ts';
import { quote } from './editor.ts';
import { docker, inNeovim } from './neovims.ts';

const program = `import os
os.makedirs("out", exist_ok=True)
open("out/made.csv", "wb").write(b"a,b\\n\\xff\\x00\\n")
open("data.txt", "w").write("changed\\n")
os.symlink("/etc/passwd", "link.txt")
open(b"name \\xff", "w").close()
print(open("kept.txt").read())
`;

inNeovim(':SandboxFiles (V9)', (editor) => {
  before(need('docker', dockerImage(image)));

  const at = (name: string) => join(editor().folder, name);
  /** Answers the question whether a file should be replaced, and counts such questions. */
  const answer = (choice: number) => editor().lua(`asked = 0; vim.fn.confirm = function() asked = asked + 1; return ${choice} end`);
  const list = async () => {
    await editor().command('SandboxFiles');
    return editor().lua<string[]>('return vim.api.nvim_buf_get_lines(0, 2, -1, false)');
  };
  const press = async (key: string, line: string) => {
    await editor().lua(`vim.fn.search(${quote(line)})`);
    await editor().type(key);
  };

  it('lists what is new or changed, and not the links and the copies', async () => {
    writeFileSync(at('data.txt'), 'mine\n');
    writeFileSync(at('kept.txt'), 'kept');
    await editor().buffer(program, { file: 'make.py' });
    await editor().command('SandboxRun');
    await editor().shows(/✓ exited with code 0.*\nmade or changed in the sandbox: .*\(:SandboxFiles\)/);
    expect((await list()).map((line) => line.replace(/ +/g, ' ')).sort()).to.deep.equal(['changed 8 B data.txt', 'new 7 B out/made.csv', 'new 0 B name \u{10feff}'].sort());
  });

  it('saves a file as it is, byte for byte', async () => {
    await press('s', 'made.csv');
    await until('it is saved', () => existsSync(at('out/made.csv')));
    expect(readFileSync(at('out/made.csv'), 'latin1')).to.equal('a,b\n\xff\x00\n');
    expect(readdirSync(at('out'))).to.deep.equal(['made.csv']);
  });

  it('does not replace a file that is newer without asking', async () => {
    utimesSync(at('data.txt'), new Date('2100-01-01'), new Date('2100-01-01'));
    await answer(2);
    await press('s', 'data.txt');
    await until('it asks', async () => (await editor().lua('return asked')) === 1);
    expect(readFileSync(at('data.txt'), 'utf8')).to.equal('mine\n');
    await answer(1);
    await press('s', 'data.txt');
    await until('it is replaced', () => readFileSync(at('data.txt'), 'utf8') === 'changed\n');
  });

  it('opens a file, and compares it with that of the person', async () => {
    writeFileSync(at('data.txt'), 'mine again\n');
    await press('d', 'data.txt');
    await until('both are shown', async () => (await editor().lua('return vim.fn.winnr("$")')) === 2 && (await editor().lua('return vim.wo.diff')) === true);
    expect(await editor().lua("return { vim.fn.getline(1), vim.bo.modifiable, vim.fn.getbufline(vim.fn.winbufnr(1), 1)[1] }")).to.deep.equal(['changed', false, 'mine again']);
    await editor().command('tabclose');
  });

  it('closes the sandbox with its output', async () => {
    await editor().lua("for _, buffer in ipairs(vim.api.nvim_list_bufs()) do if vim.b[buffer].codebeaker then vim.api.nvim_buf_delete(buffer, { force = true }) end end");
    expect(await editor().lua("return require('codebeaker.made').of(0) == nil")).to.equal(true);
  });

  it('writes nothing outside of the folder, through links or into .git', async () => {
    mkdirSync(at('elsewhere'));
    mkdirSync(at('home'));
    symlinkSync(at('elsewhere'), at('home/linked'));
    symlinkSync(at('data.txt'), at('home/link'));
    for (const path of [...casesOf('home').refused, 'linked/x', 'link']) {
      const why = await editor().lua(`return require('codebeaker.home').write(${quote(at('home'))}, ${quote(path)}, 'x')`);
      expect(why, path).to.be.a('string');
    }
    expect(readdirSync(at('home')).sort()).to.deep.equal(['link', 'linked']);
    expect(readdirSync(at('elsewhere'))).to.deep.equal([]);
  });

  it('says why it does not write where no folder can be made, and keeps the permissions of what it replaces', async () => {
    const write = (folder: string, path: string) => editor().lua(`return { require('codebeaker.home').write(${quote(folder)}, ${quote(path)}, 'x') }`);
    expect(await write('/proc/none', 'a')).to.have.lengthOf(1);
    writeFileSync(at('home/open'), 'mine');
    chmodSync(at('home/open'), 0o666);
    expect(await write(at('home'), 'open')).to.deep.equal([]);
    expect([statSync(at('home/open')).mode & 0o777, readFileSync(at('home/open'), 'utf8')]).to.deep.equal([0o666, 'x']);
  });

  it('decodes base64 as Neovim 0.10 does', async () => {
    for (const text of ['', 'a', 'ab', 'abc', '\xff\x00\xfe?']) {
      const encoded = Buffer.from(text, 'latin1').toString('base64');
      expect(await editor().lua(`return { require('codebeaker.base64').decode(${quote(encoded)}):byte(1, -1) }`)).to.deep.equal([...Buffer.from(text, 'latin1')]);
    }
  });
}, { setup: { ...docker.setup, trusted: true } });

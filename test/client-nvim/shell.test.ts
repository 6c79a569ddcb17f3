/** :SandboxShell and :SandboxSessions. */
import { expect } from 'chai';
import { image, until } from '../e2e/environment.ts';
import { dockerImage, need, npmPackage } from '../require.ts';
import { docker, inNeovim } from './neovims.ts';

inNeovim('shells and sessions', (editor) => {
  before(need('docker', dockerImage(image)));
  const sessions = () => editor().lua<string>("return table.concat(vim.fn.getbufline('codebeaker://sessions', 3, '$'), '\\n')");

  it('a shell is opened for the language of the buffer, and typed into', async () => {
    await editor().buffer('print(1)', { file: 'a.py' });
    await editor().command('SandboxShell');
    await editor().shows(/[$#] *$/);
    await editor().answer('echo $((6*7)) $TERM; python3 -c "print(3 * 9)"<CR>');
    await editor().shows(/42 xterm-256color\n27\n/);
  });

  it('the shell follows the size of its window', async () => {
    await editor().command('resize 20');
    await until('the program sees the new size', async () => {
      await editor().answer('stty size<CR>');
      return editor().output('a size', ({ text }) => text.includes('\n20 200\n'), 1_000).then(() => true, () => false);
    });
  });

  it('the shell ends with exit, and its exit code is shown', async () => {
    await editor().answer('exit 4<CR>');
    expect((await editor().ended()).exitCode).to.equal(4);
    await editor().leave();
    await editor().command('wincmd p');
  });

  it('the open sessions are listed', async () => {
    await editor().buffer('print("up")\nwhile True: pass', { file: 'endless.py' });
    await editor().command('SandboxRun');
    await editor().shows('up');
    await editor().command('SandboxSessions');
    await until('the session is listed', async () => /^\w{8}  docker  +python  +busy  .*endless\.py$/m.test(await sessions()));
  });

  it('one of them tells why its runtime was chosen', async () => {
    await editor().lua('vim.api.nvim_win_set_cursor(0, { 3, 0 })');
    await editor().type('w');
    await until('it is told', async () => (await editor().messages()).some((text) => text.includes('docker was chosen: the client asked for it')));
  });

  it('a shell is opened in one of them', async () => {
    await editor().lua('vim.api.nvim_win_set_cursor(0, { 3, 0 })');
    await editor().type('s');
    await editor().shows(/[$#] *$/);
    await editor().answer('ls<CR>');
    await editor().shows(/\nendless\.py\n/);
    await editor().answer('exit<CR>');
    await editor().ended();
    await editor().leave();
    const run = (await editor().outputs()).find(({ text }) => text.startsWith('up'));
    expect(run?.state, 'the run goes on').to.equal('running');
  });

  it('a session is closed, and the list shows that', async () => {
    await editor().command("call win_gotoid(bufwinid('codebeaker://sessions'))");
    await editor().lua('vim.api.nvim_win_set_cursor(0, { 3, 0 })');
    await editor().type('x');
    await until('none is listed', async () => (await sessions()) === 'No sandbox is open.');
    await until('its program has ended', async () => (await editor().outputs()).every(({ state }) => state === 'ended'));
  });

  it('a shell is opened for a language that is named', async () => {
    const names = await editor().lua<string[]>("return vim.fn.getcompletion('SandboxShell ', 'cmdline')");
    expect(names).to.include.members(['go', 'ruby']);
    await editor().command('SandboxShell ruby');
    await editor().shows(/[$#] *$/);
    await editor().answer('exit<CR>');
    expect((await editor().ended()).exitCode).to.equal(0);
  });
}, docker);

inNeovim('a shell in a runtime that has none', (editor) => {
  before(need('deno', npmPackage('deno')));

  it('is refused with the reason', async () => {
    await editor().buffer('1', { file: 'a.ts' });
    await editor().command('SandboxShell');
    const { text, outcome } = await editor().ended();
    expect(outcome).to.equal('failed');
    expect(text).to.match(/need a runtime with a shell/);
  });
}, { setup: { runtime: 'deno' } });

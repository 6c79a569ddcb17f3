/** :SandboxRun, with the real daemon and real sandboxes. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { image, until } from '../e2e/environment.ts';
import { dockerImage, need, npmPackage } from '../require.ts';
import { docker, every, inNeovim } from './neovims.ts';

inNeovim(':SandboxRun', (editor) => {
  before(need('docker', dockerImage(image)));

  it('runs a file, and shows the exit code, the time and the sandbox', async () => {
    await editor().buffer('print("hello")\nraise SystemExit(3)\n', { file: 'a.py' });
    await editor().command('SandboxRun');
    const { text, exitCode, outcome } = await editor().ended();
    expect(text).to.match(/^hello\n✗ exited with code 3 · [\d.]+ m?s (?:· [\d.]+ MiB )?· docker, isolation \d+ of 10$/);
    expect({ exitCode, outcome }).to.deep.equal({ exitCode: 3, outcome: 'exited' });
  });

  it('leaves the cursor in the source', async () => {
    expect(await editor().lua('return vim.api.nvim_buf_get_name(0)')).to.match(/a\.py$/);
  });

  it('runs what is in the buffer, not what is on the disk', async () => {
    await editor().buffer('print("saved")\n', { file: 'b.py' });
    await editor().replace('print("unsaved")');
    await editor().command('SandboxRun');
    const { text } = await editor().ended();
    expect(text).to.include('unsaved').and.not.include('"saved"');
  });

  it('runs a buffer without a name', async () => {
    await editor().buffer('puts "nameless in #{__FILE__}"', { filetype: 'ruby' });
    await editor().command('SandboxRun');
    expect((await editor().ended()).text).to.include('nameless in /workspace/untitled.rb');
  });

  it('runs a range, whatever its indentation', async () => {
    await editor().buffer('def f():\n    x = 20\n    if x:\n        print(x + 1)\n', { file: 'range.py' });
    await editor().command('2,4SandboxRun');
    expect((await editor().ended()).text).to.match(/^21\n/);
  });

  it('passes the arguments of the command to the program', async () => {
    await editor().buffer('import sys; print(sys.argv[1:])', { file: 'arguments.py' });
    await editor().command(String.raw`SandboxRun one two\ words`);
    expect((await editor().ended()).text).to.include("['one', 'two words']");
  });

  it('shows colours', async () => {
    await editor().buffer(String.raw`print("\033[31mred\033[0m plain")`, { file: 'colours.py' });
    await editor().command('SandboxRun');
    const { text } = await editor().ended();
    expect(text).to.match(/^red plain\n/);
    const attributes = await editor().lua<number[]>(`
      vim.cmd('redraw')
      local place = vim.fn.win_screenpos(vim.fn.bufwinnr(vim.api.nvim_list_bufs()[#vim.api.nvim_list_bufs()]))
      return { vim.fn.screenattr(place[1], place[2]), vim.fn.screenattr(place[1], place[2] + 5) }`);
    expect(attributes[0]).to.not.equal(attributes[1]);
  });

  it('removes escape sequences that are addressed to the terminal', async () => {
    await editor().buffer(String.raw`print("a\033]52;c;aGFja2Vk\007b\033]0;title\033\\c")`, { file: 'osc.py' });
    await editor().command('SandboxRun');
    expect((await editor().ended()).text).to.match(/^abc\n/);
  });

  it('runs several at once, each in its own window', async () => {
    await editor().command('only');
    for (const name of ['first', 'second']) {
      await editor().buffer(`import time\nprint("${name}")\nwhile True: time.sleep(1)`, { file: `${name}.py` });
      await editor().command('SandboxRun');
    }
    await until('both run, both are shown', async () => {
      const running = (await editor().outputs()).filter(({ state, shown }) => state === 'running' && shown);
      return running.length === 2 && running[0]?.text.includes('first') === true && running[1]?.text.includes('second') === true;
    });
    await editor().command('SandboxStop!');
    await until('both are stopped', async () => (await editor().outputs()).every(({ state }) => state === 'ended'));
  });

  it('reuses the window of a program that has ended', async () => {
    const windows = () => editor().lua('return vim.fn.winnr("$")');
    await editor().command('only');
    await editor().buffer('print(1)', { file: 'again.py' });
    await editor().command('SandboxRun');
    await editor().ended();
    const before = await windows();
    await editor().command('SandboxRun');
    await editor().ended();
    expect(await windows()).to.equal(before);
  });

  it('says that a file type cannot be run', async () => {
    await editor().buffer('x', { filetype: 'cobol' });
    await editor().command('SandboxRun');
    await until('a message says so', async () => (await editor().messages()).some((text) => text.includes("type 'cobol' cannot be run")));
  });
}, { ...docker, only: every });

inNeovim('the end of a long output (N1)', (editor) => {
  before(need('docker', dockerImage(image)));

  /** The last line that the window of the latest output shows, and the last line of all. */
  const end = () => editor().lua<{ shown: number; last: number; window: number }>(`
    local buffers = vim.tbl_filter(function(buffer) return vim.api.nvim_buf_get_name(buffer):find('^codebeaker://') end, vim.api.nvim_list_bufs())
    local window = vim.fn.bufwinid(buffers[#buffers])
    return { shown = vim.fn.line('w$', window), last = vim.api.nvim_buf_line_count(buffers[#buffers]), window = window }`);

  it('stays in sight, with the exit code', async () => {
    await editor().buffer('for n in range(9000): print(n)\nprint("that was all")', { file: 'long.py' });
    await editor().command('SandboxRun');
    await editor().ended();
    const { shown, last } = await end();
    expect(shown).to.equal(last).and.be.above(9000);
  });

  it('does not come into sight while the person has scrolled away from it', async () => {
    await editor().buffer(`import signal
for n in range(500): print(n)
signal.signal(signal.SIGWINCH, lambda *_: None)
print("waiting", flush=True)
signal.pause()
for n in range(500): print(n)
`, { file: 'waiting.py' });
    await editor().command('SandboxRun');
    await editor().shows('waiting');
    const { window } = await end();
    await editor().lua(`vim.api.nvim_win_set_cursor(${window}, { 100, 0 })`);
    // The program goes on when its terminal gets another size.
    await editor().lua(`vim.api.nvim_win_set_height(${window}, 8)\nvim.cmd('doautocmd VimResized')`);
    await editor().ended();
    const { shown, last } = await end();
    expect(last).to.be.above(1000);
    expect(shown).to.be.within(95, 130);
  });
}, docker);

inNeovim('trust and the options of setup', (editor) => {
  before(need('docker', dockerImage(image)));
  const importing = 'import neighbour\nprint(neighbour.name)\n';

  it('copies no other files of the folder by default, and says so once if the program fails (V4)', async () => {
    writeFileSync(join(editor().folder, 'neighbour.py'), 'name = "from next door"\n');
    await editor().buffer(importing, { file: 'importing.py' });
    await editor().command('SandboxRun');
    expect((await editor().ended()).text).to.include('ModuleNotFoundError');
    const told = async () => (await editor().messages()).filter((text) => text.includes('the folder is not trusted')).length;
    await until('a message says so', async () => (await told()) === 1);
    await editor().command('SandboxRun');
    await editor().ended();
    expect(await told()).to.equal(1);
  });

  it('copies them if everything is trusted', async () => {
    await editor().setup({ trusted: true });
    await editor().command('SandboxRun');
    expect((await editor().ended()).text).to.include('from next door');
  });

  it('copies them if their folder is trusted', async () => {
    await editor().setup({ trusted: ['/usr/share', editor().folder] });
    await editor().command('SandboxRun');
    expect((await editor().ended()).text).to.include('from next door');
  });

  it('does not copy them if only other folders are trusted', async () => {
    await editor().setup({ trusted: ['/usr/share'] });
    await editor().command('SandboxRun');
    expect((await editor().ended()).text).to.include('ModuleNotFoundError');
  });

  it('runs without them, and says so, if the daemon refuses to copy the folder', async () => {
    await editor().setup({ trusted: ['/'], packages: 'never' });
    await editor().lua("vim.api.nvim_buf_set_name(0, '/etc/importing.py')");
    await editor().command('SandboxRun');
    const { text } = await editor().shows('ModuleNotFoundError');
    expect(text).to.match(/^without the other files of its folder: .*never shared/);
  });

  it('passes environment, default arguments and limits on, and names the limit that was hit', async () => {
    await editor().setup({ env: { NAME: 'Ada' }, args: ['by', 'default'], limits: { timeoutMs: 1500 }, packages: 'never' });
    await editor().buffer('import os, sys\nprint(os.environ["NAME"], sys.argv[1:])\nwhile True: pass', { file: 'limits.py' });
    await editor().command('SandboxRun');
    const { text, outcome } = await editor().ended();
    expect(text).to.include("Ada ['by', 'default']").and.include('✗ stopped: it ran longer than 1.5 s (limits.timeoutMs) · ');
    expect(outcome).to.equal('timedOut');
  });

  it('refuses options that do not exist or have a wrong value', async () => {
    for (const [options, words] of [[{ colour: 'red' }, "no option 'colour'"], [{ trusted: 'yes' }, "'trusted' must be true, false or a list"]] as const) {
      const fault = await editor().setup(options).then(() => undefined, (error: Error) => error.message);
      expect(fault).to.include(words);
    }
  });
}, docker);

inNeovim(':SandboxRun without Docker', (editor) => {
  before(need('deno', npmPackage('deno')));

  it('runs TypeScript in Deno', async () => {
    await editor().buffer('const x: number = 41;\nconsole.log(x + 1);\n', { file: 'a.ts' });
    await editor().command('SandboxRun');
    expect((await editor().ended()).text).to.match(/^42\n✓ exited with code 0 · .* · deno, isolation/);
  });

  it('says why Python cannot be run there', async () => {
    await editor().buffer('print(1)', { file: 'a.py' });
    await editor().command('SandboxRun');
    const { text, outcome } = await editor().ended();
    expect(outcome).to.equal('failed');
    expect(text).to.include('✗ deno: it runs only javascript, typescript');
  });

  it('says what is wrong with Docker if the option asks for it', async () => {
    await editor().setup({ runtime: 'docker' });
    await editor().command('SandboxRun');
    expect((await editor().ended()).text).to.match(/✗ docker: .*doctor/);
  });
}, { setup: { runtime: 'deno' }, config: { docker: { host: 'unix:///nowhere.sock' } } });

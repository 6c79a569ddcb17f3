/** Typing into a running program, interrupting it and stopping it. */
import { expect } from 'chai';
import { image, until } from '../e2e/environment.ts';
import { dockerImage, need, npmPackage } from '../require.ts';
import { inNeovim } from './neovims.ts';

const manyBytes = { config: { limits: { outputBytes: 2 ** 30 }, maxLimits: { outputBytes: 2 ** 30 } }, setup: { focus: true, runtime: 'docker' } };

inNeovim('a program with a terminal', (editor) => {
  before(need('docker', dockerImage(image)));
  afterEach(() => editor().leave());

  it('reads what is typed', async () => {
    await editor().buffer('name = input("name? ")\nprint("hello " + name)', { file: 'ask.py' });
    await editor().command('SandboxRun');
    await editor().shows('name?');
    await editor().answer('Adax<BS><CR>');
    expect((await editor().ended()).text).to.match(/^name\? Ada *\nhello Ada\n✓ exited with code 0/);
  });

  it('is interrupted by Ctrl-C', async () => {
    await editor().command('wincmd p');
    await editor().buffer('print("up")\nwhile True: pass', { file: 'interrupt.py' });
    await editor().command('SandboxRun');
    await editor().shows('up');
    expect((await editor().interrupt()).text).to.include('KeyboardInterrupt');
  });

  it('is stopped by :SandboxStop if it does not end by itself', async () => {
    await editor().command('wincmd p');
    await editor().buffer('while :; do :; done', { file: 'endless.sh' });
    await editor().command('SandboxRun');
    await editor().output('the program runs', ({ state }) => state === 'running');
    await editor().command('SandboxStop');
    const { text, outcome } = await editor().ended();
    expect(text).to.include('✗ stopped');
    expect(outcome).to.equal('cancelled');
    await editor().command('SandboxStop');
    await until('a message says that nothing can be stopped', async () => (await editor().messages()).some((text) => text.includes('no program runs')));
  });

  it('is stopped when the buffer of its output is deleted', async () => {
    await editor().command('wincmd p');
    await editor().buffer('print("up")\nwhile True: pass', { file: 'closed.py' });
    await editor().command('SandboxRun');
    await editor().shows('up');
    await editor().leave();
    await editor().command('bwipeout!');
    await until('no session is open', async () => {
      await editor().lua(`
        sessions = nil
        require('codebeaker.async').go(function()
          local _, result = require('codebeaker.daemons').of(nil):call('session/list', vim.empty_dict())
          sessions = #result.sessions
        end)`);
      return (await editor().lua('vim.wait(1000, function() return sessions ~= nil end, 5) return sessions')) === 0;
    });
  });

  it('does not keep the editor from responding when it prints without end', async () => {
    await editor().buffer('yes "a line of a program that says too much"', { file: 'flood.sh' });
    await editor().command('SandboxRun');
    await editor().shows('too much');
    await editor().leave();
    await editor().command('wincmd p');
    await editor().type('Go# typed meanwhile<Esc>');
    await until('what is typed arrives', async () => (await editor().lua("return vim.fn.getline('$')")) === '# typed meanwhile');
    expect((await editor().outputs()).at(-1)?.state).to.equal('running');
    await editor().command('SandboxStop');
    const { outcome, text } = await editor().ended();
    expect(outcome).to.equal('cancelled');
    expect(text.split('\n').length, 'lines kept').to.be.below(20_000);
  });
}, manyBytes);

inNeovim('a program without a terminal', (editor) => {
  before(need('deno', npmPackage('deno')));
  const echo = `console.log('up');
const text = new TextDecoder();
for await (const chunk of Deno.stdin.readable) console.log('got ' + JSON.stringify(text.decode(chunk)));
console.log('no more');`;

  it('reads lines that are edited as they are typed, until the input ends', async () => {
    await editor().buffer(echo, { file: 'echo.ts' });
    await editor().command('SandboxRun');
    await editor().shows('up');
    await editor().answer('wrong<C-u>Adé<BS>a<Left><CR>');
    await editor().shows('got "Ada\\n"');
    await editor().answer('<C-d>');
    const { text, exitCode } = await editor().ended();
    expect(text).to.match(/^up\nAda\ngot "Ada\\n"\nno more\n/);
    expect(exitCode).to.equal(0);
    await editor().leave();
  });

  it('is interrupted by Ctrl-C', async () => {
    await editor().command('wincmd p');
    await editor().buffer("console.log('up');\nfor (;;);", { file: 'spin.ts' });
    await editor().command('SandboxRun');
    await editor().shows('up');
    expect((await editor().interrupt()).text).to.match(/^up\n\^C\n✗ ended by SIGINT/);
  });
}, { setup: { focus: true, runtime: 'deno', pty: false } });

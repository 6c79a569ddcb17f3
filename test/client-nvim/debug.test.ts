/** :SandboxDebug in a real Neovim, with the real `codebeaker dap`. nvim-dap is a small client of the protocol with the same interface. */
import { expect } from 'chai';
import { fileURLToPath } from 'node:url';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { canary } from '../e2e/debug-hostile/places.ts';
import { ACTING, hostileEnv, layOut, REFUSED } from '../e2e/debug-hostile/project.ts';
import { image, until } from '../e2e/environment.ts';
import { dockerImage, need, program } from '../require.ts';
import { type Editor, quote } from './editor.ts';
import { docker, inNeovim, newest } from './neovims.ts';

/** A parsed message, whose members are not typed. */
type Json = ReturnType<typeof JSON.parse>;

const folderOfDap = fileURLToPath(new URL('dap', import.meta.url));

const code = `import os, sys
total = 40
total += len(sys.argv)
print(total, sys.argv[1:], os.environ.get("NAME"), os.path.exists("beside.txt"))
`;

const install = (editor: Editor) => editor.lua(`vim.opt.runtimepath:append(${quote(folderOfDap)})`);
const at = (editor: Editor, line: number) => editor.lua(`vim.api.nvim_win_set_cursor(0, { ${line}, 0 })`);

/** What the expression becomes, once it is something. */
async function when(editor: Editor, expression: string): Promise<Json> {
  let found: unknown;
  await until(expression, async () => {
    found = await editor.lua(`return ${expression}`);
    return found !== null;
  }, 30_000).catch(async (fault: Error) => {
    throw new Error(`${fault.message}; ${JSON.stringify(await editor.lua('return { require("dap").messages, shown_messages }'))}`);
  });
  return found;
}

async function ask(editor: Editor, command: string, args: object = {}): Promise<Json> {
  const seq = await editor.lua<number>(`return require('dap').request(${quote(command)}, vim.json.decode(${quote(JSON.stringify(args))}))`);
  const { success, message, body } = await when(editor, `require('dap').response(${seq})`);
  expect(success, `${command}: ${message}`).to.equal(true);
  return body;
}

const event = (editor: Editor, name: string, nth = 1) => when(editor, `require('dap').event(${quote(name)}, ${nth})`);

/** Goes on until the program has ended, and its sandbox too. Returns what it printed. */
async function finish(editor: Editor, threadId: number): Promise<string> {
  await ask(editor, 'continue', { threadId });
  expect((await event(editor, 'exited')).exitCode).to.equal(0);
  await event(editor, 'terminated');
  await ask(editor, 'disconnect');
  expect(await when(editor, "require('dap').exited")).to.equal(0);
  return editor.lua("return require('dap').printed()");
}

inNeovim(':SandboxDebug', (editor) => {
  before(need('docker', dockerImage(image)));
  before(() => install(editor()));

  it('debugs the file of the buffer with the arguments of the command, what is remembered, and the options', async () => {
    await editor().setup({ runtime: 'docker', limits: { timeoutMs: 60_000 }, env: { NAME: 'of the options' } });
    writeFileSync(join(editor().folder, 'beside.txt'), '');
    await editor().buffer(code, { file: 'main.py' });
    await editor().lua("require('codebeaker').remember({ env = { NAME = 'remembered' } })");
    await at(editor(), 4);
    await editor().lua("require('dap').set_breakpoint()");
    await editor().command('SandboxDebug one two\\ words');
    const { reason, threadId } = await event(editor(), 'stopped');
    expect(reason).to.equal('breakpoint');
    const { stackFrames: [frame] } = await ask(editor(), 'stackTrace', { threadId });
    expect(frame).to.include({ line: 4 });
    expect(frame.source.path).to.match(/\/files\/main\.py$/);
    expect((await ask(editor(), 'evaluate', { expression: 'total', frameId: frame.id, context: 'hover' })).result).to.equal('43');
    // Nor does another file that is debugged meanwhile end it.
    await editor().buffer('print("beside it")\n', { file: 'beside.py' });
    await editor().command('SandboxDebug');
    await event(editor(), 'terminated');
    expect(await editor().lua("return vim.tbl_map(function(each) return each.name end, require('dap').sessions)")).to.deep.equal(['Debug in Sandbox: main.py', 'Debug in Sandbox: beside.py']);
    await ask(editor(), 'disconnect');
    await when(editor(), "require('dap').exited");
    expect(await editor().lua("return require('dap').sessions[1].exited")).to.equal(null);
    await editor().lua("local dap = require('dap'); table.insert(dap.sessions, table.remove(dap.sessions, 1)); dap.messages = dap.sessions[2].messages; dap.exited = nil");
    // The folder is not trusted, so the file went alone.
    expect(await finish(editor(), threadId)).to.equal("43 ['one', 'two words'] remembered False\n");
    expect(await editor().lua("return require('dap').ran")).to.deep.include({ folder: false, language: 'python', limits: { timeoutMs: 60_000 }, runtime: 'docker' });
  });

  it('has an entry of nvim-dap for each language, which does the same in a trusted folder', async () => {
    const offered = await editor().lua<Record<string, Json[]>>(`
      local offered = {}
      for filetype, entries in pairs(require('dap').configurations) do
        offered[filetype] = vim.tbl_map(function(each) return each.name end, entries)
      end
      return offered`);
    expect(Object.keys(offered).sort()).to.deep.equal(['go', 'javascript', 'javascriptreact', 'python', 'ruby', 'typescript', 'typescriptreact']);
    for (const names of Object.values(offered)) expect(names).to.deep.equal(['Debug in Sandbox']);
    await editor().setup({ runtime: 'docker', trusted: true, args: ['by default'] });
    await editor().command('edit main.py');
    await editor().lua("require('dap').run(require('dap').configurations.python[1])");
    const { threadId } = await event(editor(), 'stopped');
    expect(await finish(editor(), threadId)).to.equal("42 ['by default'] remembered True\n");
  });

  it('says why a buffer cannot be debugged', async () => {
    const said = async () => (await editor().messages()).at(-1);
    await editor().buffer(code, { filetype: 'python' });
    await editor().command('SandboxDebug');
    await until('it is said', async () => (await said())?.includes('a buffer without a file') === true);
    await editor().command('edit! main.py');
    await editor().replace('print(1)');
    await editor().command('SandboxDebug');
    await until('it is said', async () => (await said())?.includes('changes that are not in its file') === true);
    const count = (await editor().messages()).length;
    await editor().lua("require('dap').run(require('dap').configurations.python[1])");
    expect((await editor().messages()).slice(count).join()).to.include('changes that are not in its file');
    expect(await editor().lua("return require('dap').launched"), 'the entry launches nothing').to.equal(null);
    await editor().buffer('echo x\n', { file: 'main.sh', filetype: 'sh' });
    await editor().command('SandboxDebug');
    await until('it is said', async () => (await said())?.includes('shellscript cannot be debugged') === true);
  });

  it('asks with ! for the arguments and the environment, and for no input', async () => {
    await editor().lua(`
      prompts = {}
      local function answer(options)
        table.insert(prompts, options.prompt)
        return #prompts == 1 and 'one' or 'NAME=typed'
      end
      vim.fn.input = answer
      vim.ui.input = function(options, done)
        local text = answer(options)
        vim.defer_fn(function() done(text) end, 1)
      end
      local dap = require('dap')
      dap.ran, run_before = nil, dap.run
      dap.run = function(configuration) dap.ran = configuration end`);
    await editor().buffer('print(1)\n', { file: 'asking.py' });
    await editor().lua("require('codebeaker').remember({ stdin = 'kept' })");
    await editor().command('SandboxDebug!');
    expect(await when(editor(), "require('dap').ran")).to.deep.include({ args: ['one'], env: { NAME: 'typed' } });
    expect(await editor().lua('return prompts')).to.deep.equal(['Arguments of asking.py: ', 'Environment, as NAME=value: ']);
    expect(await editor().lua("return require('codebeaker.remembered').of(0).stdin"), 'that of runs').to.equal('kept');
    await editor().lua("require('dap').run = run_before");
  });

  it('has a daemon elsewhere debug, unless its token is in no file, and passes on what may be reached', async () => {
    const adapter = async (options: object) => {
      await editor().setup(options);
      await editor().lua("local dap = require('dap'); dap.started = nil; dap.adapters.codebeaker(function(adapter) dap.started = adapter end)");
      const { args } = await editor().lua<Json>("return require('dap').started");
      return args.slice(args.indexOf('dap'));
    };
    await editor().lua("require('codebeaker.debugging').register(true)");
    expect(await adapter({ server: { url: 'unix:/nowhere' } })).to.deep.equal(['dap', '--connect', 'unix:/nowhere']);
    expect(await adapter({ server: { url: 'wss://box', token: { file: '/t' }, ca: '/c', same_machine: true } })).to.deep.equal(['dap', '--connect', 'wss://box', '--token-file=/t', '--ca=/c', '--same-machine']);
    await editor().setup({ server: { url: 'wss://box', token: 'x'.repeat(32) }, network: ['example.com:443'] });
    await editor().buffer('print(1)\n', { file: 'other.py' });
    await editor().lua("local dap = require('dap'); dap.started = nil; dap.adapters.codebeaker(function(adapter) dap.started = adapter end)");
    expect((await editor().lua<Json>("return require('dap').started")).args.slice(-2)).to.deep.equal(['dap', '--network=ask']);
    await editor().lua("require('dap').run = function(configuration) require('dap').ran = configuration end");
    await editor().command('SandboxDebug');
    await until('it is said', async () => (await editor().messages()).some((text) => text.includes('on this machine, and not by the daemon at wss://box, because its token is in no file')));
    expect((await editor().lua<Json>("return require('dap').ran")).network).to.deep.equal({ mode: 'allowlist', hosts: ['example.com:443'] });
  });
}, docker);

inNeovim('a program that reads input, with nvim-dap', (editor) => {
  before(need('docker', dockerImage(image)));
  before(() => install(editor()));

  it('is debugged in a terminal of the editor, where a configuration says so', async () => {
    await editor().buffer('import sys\nname = input("name? ")\nprint("hello", name, sys.stdin.isatty())\ninput("more? ")\n', { file: 'ask.py' });
    await at(editor(), 3);
    await editor().lua("require('dap').set_breakpoint()");
    const shows = (text: string) => when(editor(), `(require('dap').terminal() or ''):find(${quote(text)}, 1, true)`);
    const type = async (keys: string) => {
      await editor().lua("require('dap').enter_terminal()");
      await editor().answer(keys);
    };
    await editor().lua("require('dap').run({ type = 'codebeaker', request = 'launch', name = 'Ask', program = '${file}', runtime = 'docker', console = 'integratedTerminal' })");
    await shows('name?');
    await type('Ada<CR>');
    const { threadId } = await event(editor(), 'stopped');
    const { stackFrames: [frame] } = await ask(editor(), 'stackTrace', { threadId });
    expect(frame).to.include({ line: 3 });
    expect((await ask(editor(), 'evaluate', { expression: 'name', frameId: frame.id, context: 'hover' })).result).to.equal("'Ada'");
    await ask(editor(), 'continue', { threadId });
    await shows('more?');
    await type('<C-d>');
    expect((await event(editor(), 'exited')).exitCode, 'the end of the input is an EOFError').to.equal(1);
    await event(editor(), 'terminated');
    await shows('hello Ada True');
    await shows('EOFError');
    await ask(editor(), 'disconnect');
    expect(await when(editor(), "require('dap').exited")).to.equal(0);
    expect(await editor().lua("return require('dap').printed()"), 'the console of the debugger has nothing of it').to.equal('');
  });
}, docker);

inNeovim('a hostile debugger in :SandboxDebug', (editor) => {
  before(need('native', program('bwrap')));
  before(() => install(editor()));

  it('has the editor start nothing, and names nothing that acts or leads to a file of this machine; the next program is debugged', async () => {
    layOut(editor().folder);
    await editor().setup({ runtime: 'native', trusted: true, env: hostileEnv });
    await editor().command('edit main.py');
    await editor().command('SandboxDebug');
    const { threadId } = await event(editor(), 'stopped');
    await when(editor(), `(function()
      for _, message in ipairs(require('dap').messages) do
        if message.event == 'output' and message.body.output == ${quote(REFUSED)} then return true end
      end
    end)()`);
    const { stackFrames } = await ask(editor(), 'stackTrace', { threadId });
    expect(stackFrames.map(({ source }: Json) => source.path?.replace(/.*\//, '') ?? null)).to.deep.equal([null, null, null, 'main.py']);
    expect(stackFrames.flatMap(({ name, source }: Json) => [name, source.name]).join('')).to.contain('52;c').and.not.to.match(ACTING);
    // It is ended for what it answers.
    await editor().lua(`require('dap').request('continue', { threadId = ${threadId} })`);
    await event(editor(), 'terminated');
    await ask(editor(), 'disconnect');
    expect(await when(editor(), "require('dap').exited")).to.equal(0);
    expect(await editor().lua("return { require('dap').terminals, vim.tbl_filter(function(each) return each.type == 'request' end, require('dap').messages) }")).to.deep.equal([[], []]);
    expect(existsSync(canary)).to.equal(false);
    await editor().setup({ runtime: 'native', trusted: true });
    await editor().command('edit fine.py');
    await editor().command('SandboxDebug');
    await event(editor(), 'terminated');
    await ask(editor(), 'disconnect');
    expect(await when(editor(), "require('dap').exited")).to.equal(0);
    expect(await editor().lua("return require('dap').printed()")).to.equal('fine 42\n');
  });
}, { only: newest });

inNeovim(':SandboxDebug without nvim-dap', (editor) => {
  before(need('docker', dockerImage(image)));

  it('says what is missing, and offers to run instead', async () => {
    await editor().lua(`vim.ui.select = function(items, options, done)
      asked = { items = items, prompt = options.prompt }
      vim.defer_fn(function() done(items[1]) end, 400)
    end`);
    await editor().buffer('print("it ran")\n', { file: 'main.py' });
    await editor().command('SandboxDebug');
    expect(await when(editor(), 'asked')).to.deep.include({ items: ['Run without a debugger', 'Not now'] }).and.have.property('prompt').that.includes('nvim-dap is not installed');
    expect((await editor().ended()).text).to.contain('it ran');
  });

  it('gives nvim-dap its entries when it comes later, unless that is not wanted', async () => {
    await editor().setup({ dap: false });
    await install(editor());
    await editor().buffer('print(1)\n', { file: 'second.py' });
    expect(await editor().lua("return { require('dap').configurations, type(require('dap').adapters.codebeaker) }")).to.deep.equal([[], 'function']);
  });
}, docker);

/** Has the stand-in come as lazy.nvim brings a plugin: it is found nowhere until somebody requires it. */
const comeLazily = (editor: Editor) => editor.lua(`
  table.insert(package.loaders, 2, function(name)
    return name == 'dap' and function()
      local dap = dofile(${quote(join(folderOfDap, 'lua/dap.lua'))})
      dap.run = function(configuration) dap.ran = configuration end
      return dap
    end or nil
  end)`);

inNeovim(':SandboxDebug with an nvim-dap that comes when it is required', (editor) => {
  before(() => comeLazily(editor()));

  it('requires it, and nothing else does', async () => {
    await editor().buffer('print(1)\n', { file: 'main.py' });
    expect(await editor().lua('return package.loaded.dap'), 'opening a file').to.equal(null);
    await editor().command('SandboxDebug');
    expect(await when(editor(), "package.loaded.dap and require('dap').ran")).to.include({ name: 'Debug in Sandbox: main.py' });
    expect(await editor().messages()).to.deep.equal([]);
  });

  it('reports it in :checkhealth', async () => {
    await editor().lua('package.loaded.dap = nil');
    await editor().command('checkhealth codebeaker');
    expect(await editor().lua("return table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), '\\n')")).to.include('nvim-dap is there');
  });
});

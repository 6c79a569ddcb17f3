/** :checkhealth and :help. */
import { expect } from 'chai';
import { image, until } from '../e2e/environment.ts';
import { dockerImage, need } from '../require.ts';
import { type Editor, quote } from './editor.ts';
import { every, inNeovim } from './neovims.ts';

async function health(editor: Editor): Promise<string> {
  await editor.command('checkhealth codebeaker');
  const text = await editor.lua<string>("return table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), '\\n')");
  await editor.command('bwipeout!');
  return text;
}

inNeovim(':checkhealth codebeaker', (editor) => {
  before(need('docker', dockerImage(image)));

  it('reports the daemon, its runtimes and what is trusted', async () => {
    expect(await health(editor())).to.match(/the daemon answers: version \d/).and.match(/docker: isolation \d+ of 10; .*python/)
      .and.include('no folder is trusted').and.include('log: /').and.include('nvim-dap is not installed');
  });

  it('reports versions that are known to be broken', async () => {
    const weakness = { id: 'CVE-2024-21626', component: 'runc', version: '1.1.11', state: 'open', allows: 'lets an image out', fixedIn: ['1.1.12'], url: 'https://example.com/' };
    const weaknesses = [weakness, { ...weakness, id: 'CVE-2', state: 'unknown' }, { ...weakness, id: 'CVE-3', state: 'unreached' }];
    const runtime = { id: 'docker', available: true, isolation: { score: 6 }, languages: [{ id: 'python' }], weaknesses };
    await editor().lua(`
      local daemon = require('codebeaker.daemons').ready()[1]
      daemon.call = function(_, method)
        daemon.call = nil
        return nil, { runtimes = { vim.json.decode(${quote(JSON.stringify(runtime))}) } }
      end`);
    const text = (await health(editor())).replaceAll(/\s+/g, ' ');
    expect(text).to.match(/WARN(?:ING)?:? docker: runc 1\.1\.11 lets an image out \(CVE-2024-21626\)/).and.include('update runc to 1.1.12 or later').and.include('https://example.com/');
    expect(text).to.include('(CVE-2), unless your distribution has mended it').and.not.include('CVE-3');
  });

  it('reports what is missing', async () => {
    await editor().setup({ command: ['no-such-program'] });
    // A daemon that already runs is asked, although the option has changed.
    expect(await health(editor())).to.include('the daemon answers');
    process.kill(editor().daemons()[0] as number, 'SIGKILL');
    await until('a message about its end is shown', async () => (await editor().messages()).length > 0);
    expect(await health(editor())).to.include('no-such-program cannot be started');
  });
}, { only: every });

inNeovim(':help codebeaker', (editor) => {
  it('is there without making tags, and describes every command and option (N2)', async () => {
    const options = await editor().lua<string[]>("return require('codebeaker.config').names()");
    const commands = ['SandboxRun', 'SandboxDebug', 'SandboxStop', 'SandboxShell', 'SandboxFiles', 'SandboxHistory', 'SandboxSessions'];
    expect(options).to.include.members(['command', 'trusted']);
    for (const topic of ['codebeaker', ...commands.map((name) => `:${name}`), ...options.map((name) => `codebeaker-option-${name}`)]) {
      await editor().command(`help ${topic}`);
      expect(await editor().lua("return vim.fn.expand('%:t') .. vim.fn.getline('.')"), topic).to.match(/^codebeaker\.txt/).and.include(`*${topic}*`);
    }
  });
}, { only: every });

/** A daemon elsewhere, which the option `server` names, with the real daemon and the real bridge (issue 15). */
import { expect } from 'chai';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { processes, until } from '../e2e/environment.ts';
import { daemonPath } from '../e2e/raw-client.ts';
import { RemoteDaemon } from '../e2e/remote-daemon.ts';
import { need, program } from '../require.ts';
import { inNeovim } from './neovims.ts';

inNeovim('a daemon elsewhere', (editor) => {
  let daemon: RemoteDaemon;
  before(need('bubblewrap', program('bwrap')));
  before(async () => {
    daemon = await RemoteDaemon.start();
  });
  after(() => daemon.process.kill('SIGKILL'));

  it('runs a program with the files of its folder, gets its token unseen, and is told of when it has gone', async () => {
    const server = { url: `ws://${daemon.at}`, token: daemon.token };
    await editor().setup({ runtime: 'native', trusted: true, server: { ...server, token: { file: '/nowhere' } } });
    await editor().buffer('import other\nprint(other.name)\n', { file: 'main.py' });
    writeFileSync(join(editor().folder, 'other.py'), 'name = "from here"\n');
    await editor().command('SandboxRun');
    await editor().shows('--token-file /nowhere: there is no such file');
    await editor().setup({ runtime: 'native', trusted: true, server });
    await editor().command('SandboxRun');
    const { text, exitCode } = await editor().ended();
    expect([text.includes('from here'), exitCode], text).to.deep.equal([true, 0]);
    expect(processes(daemon.token)).to.deep.equal([]);
    await editor().command('checkhealth codebeaker');
    const health = await editor().lua<string>("return table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), '\\n')");
    expect(health).to.contain(`programs run on the machine of the daemon at ${server.url}`).and.contain(`connect ${server.url}`).and.match(/native: isolation \d/);
    await editor().command('bwipeout!');
    await daemon.stop();
    await until('it is told', async () => (await editor().messages()).some((message) => message.includes('cannot be reached: nothing listens there')));
    expect(await editor().messages()).to.include(`codebeaker: the connection with the daemon at ${server.url} has ended, and is made again`);
    await editor().command('SandboxRun');
    await editor().shows(/✗ the daemon at ws:.* cannot be reached/);
    await until('no bridge is left', () => processes(`${daemonPath} connect ${server.url}`).length === 0);
  });

  it('must be what it can be', async () => {
    for (const server of [{}, { url: 1 }, { url: 'unix:x', token: {} }, { url: 'unix:x', tokn: 'x' }, 'unix:x', { url: 'unix:x', same_machine: 'yes' }]) {
      const fault = await editor().setup({ server }).then(() => undefined, (reason: Error) => reason);
      expect(fault?.message, JSON.stringify(server)).to.contain("the option 'server' must be { url = '…'");
    }
    await editor().setup({ server: { url: 'ssh://box/s', token: { file: '~/t' }, ca: '/c', same_machine: true } });
    const command = await editor().lua<string[]>("return require('codebeaker.config').command()");
    expect(command.slice(2)).to.deep.equal(['connect', 'ssh://box/s', `--token-file=${process.env.HOME}/t`, '--ca=/c', '--same-machine']);
    expect(await editor().lua("local config = require('codebeaker.config'); config.set({ server = { url = 'x', token = function() return 'made' end } }); return config.environment().CODEBEAKER_TOKEN")).to.equal('made');
  });
});

/** The option `secrets`: programs get them, and the output does not show them. */
import { expect } from 'chai';
import { image } from '../e2e/environment.ts';
import { dockerImage, need } from '../require.ts';
import { docker, inNeovim } from './neovims.ts';

inNeovim('a program with secrets', (editor) => {
  before(need('docker', dockerImage(image)));

  it('has what the functions of the option return, and does not show it', async () => {
    await editor().lua("require('codebeaker.config').get().secrets = { TOKEN = function() return 'hunter2' end }");
    await editor().buffer('import os\nprint(len(os.environ["TOKEN"]), os.environ["TOKEN"])\n', { file: 'secret.py' });
    await editor().command('SandboxRun');
    expect((await editor().ended()).text).to.match(/^7 \*\*\*\n/);
  });

  it('is not run where the configuration has no secret of the name', async () => {
    await editor().lua("require('codebeaker.config').get().secrets = { 'NONE' }");
    await editor().buffer('print(1)\n', { file: 'none.py' });
    await editor().command('SandboxRun');
    expect((await editor().ended()).text).to.contain('the configuration has no secret NONE');
  });
}, docker);

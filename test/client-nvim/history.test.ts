/** :SandboxHistory. */
import { expect } from 'chai';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../e2e/environment.ts';
import { bundles, need } from '../require.ts';
import { bubblewrap } from '../runtime/kinds/native/subject.ts';
import { inNeovim } from './neovims.ts';

const stateDir = mkdtempSync(join(tmpdir(), 'codebeaker-history-'));
const remove = () => rmSync(stateDir, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
process.once('exit', remove);

inNeovim('the history', (editor) => {
  before(need('build', bundles));
  before(need('bubblewrap', bubblewrap));
  before(remove);
  const listed = () => editor().lua<string>("return table.concat(vim.fn.getbufline('codebeaker://history', 3, '$'), '\\n')");
  const ended = (text: RegExp) => editor().output('the program ends', (output) => output.state === 'ended' && text.test(output.text), 40_000);

  it('lists what ran, with how it ended, and where nothing ran says so', async () => {
    await editor().command('SandboxHistory');
    await until('it is empty', async () => (await listed()) === 'Nothing has run yet.');
    await editor().type('q');
    await until('it is closed', async () => (await editor().lua<number>("return vim.fn.bufwinid('codebeaker://history')")) === -1);
    await editor().buffer('import sys\nprint("ran", *sys.argv[1:])\nsys.exit(3)', { file: 'again.py' });
    await editor().command('SandboxRun one');
    await ended(/ran one/);
    await editor().command('SandboxHistory');
    await until('it is listed', async () => /^\d{4}-\d\d-\d\d [\d:]{8}  native  +python  +exit 3 +\d+ ms  \S*again\.py one$/.test(await listed()));
  });

  it('opens the file, and runs it again with the arguments that it had', async () => {
    // A message that waits for a key would take what is typed.
    const press = (key: string) => editor().lua(`vim.api.nvim_set_current_win(vim.fn.bufwinid('codebeaker://history')); vim.api.nvim_win_set_cursor(0, { 3, 0 }); vim.api.nvim_feedkeys('${key}', 'mx', false)`);
    await press('r');
    await until('it has run again', async () => {
      await press('R');
      return (await listed()).split('\n').length === 2;
    });
    expect(await listed()).to.match(/again\.py one\n.*again\.py one$/);
  });
}, { setup: { runtime: 'native' }, config: { stateDir } });

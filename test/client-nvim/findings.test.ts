/** What the daemon found in a program, as diagnostics of its buffer. */
import { expect } from 'chai';
import { until } from '../e2e/environment.ts';
import { need, npmPackage } from '../require.ts';
import type { Editor } from './editor.ts';
import { inNeovim } from './neovims.ts';

inNeovim('findings in a program', (editor) => {
  before(need('deno', npmPackage('deno')));

  const shown = async (of: Editor) =>
    (await of.lua<string[] | object>("return vim.tbl_map(function(d) return ('%d:%d-%d %d %s'):format(d.lnum, d.col, d.end_col, d.severity, d.source) end, vim.diagnostic.get(0))"));

  it('are diagnostics in bytes of the line, until the buffer changes', async () => {
    await editor().buffer('const x = "é𝒳";\nconsole.log("é𝒳", eval(x.length + ""));\n', { file: 'scan.js' });
    await editor().command('SandboxRun');
    await editor().ended();
    await until('they are shown', async () => JSON.stringify(await shown(editor())) === '["1:22-41 2 codebeaker"]');
    await editor().lua("vim.api.nvim_buf_set_lines(0, 0, 1, false, { 'const x = 1;' })");
    await until('they are gone', async () => JSON.stringify(await shown(editor())) !== '["1:22-41 2 codebeaker"]');
    expect(await editor().lua('return #vim.diagnostic.get(0)')).to.equal(0);
  });
}, { setup: { runtime: 'deno' } });

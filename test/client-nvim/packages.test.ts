/** Packages in Neovim: those of a manifest, those of :SandboxInstall, and those that a program lacks, from a registry that the test serves. */
import { expect } from 'chai';
import { rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { until } from '../e2e/environment.ts';
import { pipAndVenv } from '../packages/indexes/needs.ts';
import { pypi, wheel } from '../packages/indexes/pypi.ts';
import { serve, type Served } from '../packages/indexes/serve.ts';
import { bundles, need } from '../require.ts';
import { bubblewrap } from '../runtime/kinds/native/subject.ts';
import { answerWith, countOffers, offersOf, questionsOf } from './answers.ts';
import { inNeovim } from './neovims.ts';

describe('packages in Neovim (issue 13)', () => {
  const pip = { url: '' };
  const packages = { registries: { pip }, advisories: '' };
  let registry: Served;
  let osv: Served;
  before(need('build', bundles));
  before(need('bubblewrap', bubblewrap));
  before(need('pip', pipAndVenv));
  before(async () => {
    registry = await serve(pypi([wheel('pure', '1.0'), wheel('other', '1.0'), wheel('pyscard', '6.0', { files: { 'smartcard.py': 'answer = 42\n' } })]));
    pip.url = `http://127.0.0.1:${registry.port}/simple/`;
    osv = await serve(new Map(), { before: tellOfOther });
    packages.advisories = `http://127.0.0.1:${osv.port}/`;
  });
  after(() => registry.close());
  after(() => osv.close());

  inNeovim('a program', (editor) => {
    const answer = (number: number) => answerWith(editor(), number);
    const asked = () => questionsOf(editor());
    const printing = (module: string) => `import ${module}\nprint("answer", ${module}.answer)\n`;
    /** Runs the program of the buffer, and waits until it is decided what the person is asked. Returns what it printed. */
    const run = async () => {
      const before = await offersOf(editor());
      await editor().command('SandboxRun');
      const { text } = await editor().output('the program ends', (output) => output.state === 'ended' && /(?:^|\n)[✓✗] /.test(output.text), 40_000);
      await until('it is decided what the person is asked', async () => (await offersOf(editor())) > before, 40_000);
      return text;
    };
    before(() => countOffers(editor()));
    const lacks = 'The program needs pyscard (module smartcard).';

    it('has what the manifest in its folder names', async () => {
      writeFileSync(join(editor().folder, 'requirements.txt'), 'pure==1.0\n');
      await editor().buffer(printing('pure'), { file: 'manifest.py' });
      expect(await run()).to.contain('answer 42');
    });

    it('has what :SandboxInstall has installed', async () => {
      await editor().buffer(printing('other'), { file: 'named.py' });
      await editor().command('SandboxInstall other');
      await until('the packages are installed', async () => (await editor().messages()).some((message) => message.includes('the packages are installed')), 40_000);
      expect(await run()).to.contain('answer 42');
    });

    it('has weaknesses that are known, of which the person is told after an installation, and before a run that has others', async () => {
      const weakness = 'packages of %s have known weaknesses: other 1.0 (GHSA-1, high, mended in 1.1)';
      const told = async () => (await editor().messages()).filter((message) => message.includes('known weaknesses')).map((message) => message.replace(/^codebeaker: /, ''));
      expect(await told()).to.deep.equal([weakness.replace('%s', 'named.py')]);
      await run();
      await editor().buffer(printing('other'), { file: 'weak.py' });
      await editor().lua("require('codebeaker.remembered').remember(vim.api.nvim_get_current_buf(), { packages = { 'other' } })");
      for (let times = 0; times < 2; times += 1) {
        await run();
      }
      expect(await told()).to.deep.equal(['named.py', 'weak.py'].map((name) => weakness.replace('%s', name)));
    });

    it('that lacks a module is only asked about again if the person does not say never', async () => {
      await editor().buffer(printing('smartcard'), { file: 'never.py' });
      for (const [number, questions] of [[2, 1], [3, 1], [1, 0]] as const) {
        await answer(number);
        expect(await run()).to.contain('ModuleNotFoundError');
        expect(await asked()).to.deep.equal(Array(questions).fill(lacks));
      }
      await editor().command('SandboxInstall other');
      await until('the packages are installed', async () => (await editor().messages()).filter((message) => message.includes('the packages are installed')).length === 2, 40_000);
      await answer(2);
      await run();
      expect(await asked()).to.have.length(1);
    });

    it('that lacks a module runs again with it, if the person wants that', async () => {
      await answer(1);
      const before = await offersOf(editor());
      await editor().buffer(printing('smartcard'), { file: 'lacks.py' });
      await editor().command('SandboxRun');
      await editor().output('the program runs again', ({ state, text }) => state === 'ended' && text.includes('answer 42'), 40_000);
      await until('both runs are over', async () => (await offersOf(editor())) === before + 2);
      expect(await asked()).to.deep.equal([lacks]);
    });

    it('that lacks a module of its own folder is not asked about', async () => {
      await answer(1);
      await editor().setup({ trusted: false });
      writeFileSync(join(editor().folder, 'smartcard.py'), 'answer = 1\n');
      await editor().buffer(printing('smartcard'), { file: 'beside.py' });
      expect(await run()).to.contain('ModuleNotFoundError');
      expect(await asked()).to.deep.equal([]);
      rmSync(join(editor().folder, 'smartcard.py'));
      await editor().setup({ trusted: true });
    });

    it('that lacks a module is not asked about where nobody wants packages', async () => {
      await answer(1);
      await editor().lua("require('codebeaker.config').get().packages = 'never'");
      await editor().buffer(printing('smartcard'), { file: 'unasked.py' });
      expect(await run()).to.contain('ModuleNotFoundError');
      expect(await asked()).to.deep.equal([]);
    });
  }, { setup: { runtime: 'native', trusted: true }, config: { packages } });
});

/** A service of the format OSV that knows one weakness, which the package `other` has. */
function tellOfOther(request: IncomingMessage, response: ServerResponse): boolean {
  const answer = (body: object) => void response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  if (request.url === '/v1/vulns/GHSA-1') {
    answer({ id: 'GHSA-1', summary: 'It is weak.', database_specific: { severity: 'HIGH' }, affected: [{ package: { ecosystem: 'PyPI', name: 'other' }, ranges: [{ type: 'ECOSYSTEM', events: [{ introduced: '0' }, { fixed: '1.1' }] }] }] });
  } else {
    let text = '';
    request.setEncoding('utf8').on('data', (part: string) => void (text += part)).on('end', () => {
      const { queries } = JSON.parse(text) as { queries: { package: { name: string } }[] };
      answer({ results: queries.map(({ package: { name } }) => (name === 'other' ? { vulns: [{ id: 'GHSA-1' }] } : {})) });
    });
  }
  return true;
}

/** Which packages a run in the editor has: those of the manifest, if the person wants them, and those that were installed for the file. */
import { expect } from 'chai';
import { sandboxKey, sessionParams } from '../../../../client-vscode/src/run/sandbox/session-params.ts';
import { Packages } from '../../../../client-vscode/src/run/source/packages.ts';
import type { RunSpec } from '../../../../client-vscode/src/run/source/run-spec.ts';
import type { Settings } from '../../../../client-vscode/src/base/settings.ts';
import { FakeCode } from '../../../fakes/code.ts';
import { FakeDisk } from '../../../fakes/disk.ts';

const folder = { fsPath: '/project', toString: () => 'file:///project' };
const specOf = (language: string, more: object = {}): RunSpec => ({
  source: { language, folder, name: 'a', path: 'a', text: '' }, profile: {}, options: { args: [], env: {} }, strict: false, isSelection: false, ...more,
} as unknown as RunSpec);

describe('the packages of a run (issue 13)', () => {
  function bench(mode: Settings['packages'], files: Record<string, string>) {
    const editor = new FakeCode();
    const disk = new FakeDisk();
    for (const [name, text] of Object.entries(files)) disk.files.set(name, text);
    return { editor, disk, packages: new Packages({ code: editor.code, disk, mode: () => mode }) };
  }
  const asked = (spec: RunSpec) => sessionParams(spec, spec.source.folder).packages;

  it('are those of the manifest that asks for any', async () => {
    const complete = (language: string, files: Record<string, string>) => bench('auto', files).packages.complete(specOf(language)).then(asked);
    expect(await complete('python', { 'requirements.txt': 'requests\n' })).to.deep.equal({ names: [], manifest: 'requirements.txt' });
    expect(await complete('python', { 'requirements.txt': '# none\n', 'pyproject.toml': 'dependencies = ["a"]\n' })).to.deep.equal({ names: [], manifest: 'pyproject.toml' });
    expect(await complete('typescript', { 'package.json': '{ "devDependencies": { "a": "1" } }' })).to.deep.equal({ names: [], manifest: 'package.json' });
    expect(await complete('javascript', { 'package.json': '{ "dependencies": {} }' })).to.equal(undefined);
    expect(await complete('go', { 'go.mod': 'module a\n' })).to.equal(undefined);
    expect(await complete('shellscript', { 'requirements.txt': 'requests\n' })).to.equal(undefined);
  });

  it('are not those of a manifest where nobody wants them, but those that were installed by name stay', async () => {
    const { packages } = bench('never', { 'requirements.txt': 'requests\n' });
    expect(asked(await packages.complete(specOf('python')))).to.equal(undefined);
    expect(asked(await packages.complete(specOf('python', { options: { args: [], env: {}, packages: ['numpy'] } })))).to.deep.equal({ names: ['numpy'] });
  });

  it('are asked for once', async () => {
    for (const [press, expected] of [['Install', { names: [], manifest: 'Gemfile' }], ['Not Now', undefined]] as const) {
      const { editor, packages } = bench('ask', { Gemfile: 'gem "rake"\n' });
      editor.press = press;
      for (let times = 0; times < 2; times++) expect(asked(await packages.complete(specOf('ruby')))).to.deep.equal(expected);
      expect(editor.messages).to.have.length(1);
    }
  });

  it('of another manifest need another sandbox', async () => {
    const { disk, packages } = bench('auto', { 'requirements.txt': 'one\n' });
    const before = sandboxKey(await packages.complete(specOf('python')));
    expect(sandboxKey(await packages.complete(specOf('python')))).to.equal(before);
    disk.files.set('requirements.txt', 'two\n');
    expect(sandboxKey(await packages.complete(specOf('python')))).not.to.equal(before);
  });
});

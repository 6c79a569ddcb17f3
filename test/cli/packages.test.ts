/** Packages on the command line: the manifest that is found, the offer for a module that is missing, and the cache. */
import { expect } from 'chai';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import type { CacheArguments, RunArguments } from '../../server/src/cli/arguments.ts';
import { cache } from '../../server/src/cli/cache.ts';
import { confirm } from '../../server/src/cli/confirm.ts';
import { findManifest } from '../../server/src/cli/manifest.ts';
import type { Surroundings } from '../../server/src/cli/surroundings.ts';
import { createShelf } from '../../server/src/cli/packages.ts';
import type { LanguageId } from '../../server/src/protocol/index.ts';
import { FakeClock } from '../fakes/clock.ts';
import { recordingLog } from '../wire/server.ts';
import { RunBench } from './bench.ts';

describe('packages on the command line', () => {
  let folder: string;
  beforeEach(() => (folder = realpathSync(mkdtempSync(join(tmpdir(), 'packages-')))));
  afterEach(() => {
    const shelf = join(folder, 'codebeaker/packages/shelf');
    if (existsSync(shelf)) chmodSync(shelf, 0o700);
    rmSync(folder, { recursive: true });
  });

  const manifests: readonly [LanguageId, Record<string, string>, string | undefined][] = [
    ['python', { 'requirements.txt': '# nothing\n\n' }, undefined],
    ['python', { 'requirements.txt': 'requests\n', 'pyproject.toml': '' }, 'requirements.txt'],
    ['python', { 'pyproject.toml': '[project]\ndependencies = [\n  "requests",\n]\n' }, 'pyproject.toml'],
    ['python', { 'pyproject.toml': '[project]\ndependencies = []\n' }, undefined],
    ['python', { 'package.json': '{"dependencies":{"a":"1"}}' }, undefined],
    ['javascript', { 'package.json': '{"dependencies":{"a":"1"}}' }, 'package.json'],
    ['typescript', { 'package.json': '{"devDependencies":{"a":"1"}}' }, 'package.json'],
    ['javascript', { 'package.json': '{"type":"module","dependencies":{}}' }, undefined],
    ['javascript', { 'package.json': 'no JSON' }, undefined],
    ['ruby', { Gemfile: 'source "https://rubygems.org"\ngem "rake"\n' }, 'Gemfile'],
    ['go', { 'go.mod': 'module a\n\ngo 1.19\n' }, undefined],
    ['go', { 'go.mod': 'module a\n\nrequire rsc.io/quote v1.5.2\n' }, 'go.mod'],
    ['shellscript', { 'requirements.txt': 'requests\n' }, undefined],
  ];
  for (const [language, files, expected] of manifests) {
    it(`${expected ?? 'no manifest'} is found for ${language} in ${JSON.stringify(files)}`, async () => {
      for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
      expect(await findManifest(folder, language)).to.equal(expected);
    });
  }

  it('a folder or a pipe in place of a manifest is none', async () => {
    mkdirSync(join(folder, 'requirements.txt'));
    expect(await findManifest(folder, 'python')).to.equal(undefined);
  });

  it('a question is answered by a line, and the rest stays for the program', async () => {
    for (const [typed, yes] of [['y\nrest', true], ['\nrest', true], ['no\nrest', false], ['what\nrest', false]] as const) {
      const stdin = new PassThrough();
      const stderr = new PassThrough() as unknown as NodeJS.WriteStream;
      const answer = confirm({ stdin, stderr }, 'install?', new AbortController().signal);
      stdin.write(typed);
      expect(await answer, typed).to.equal(yes);
      expect(String(stdin.read())).to.equal('rest');
    }
  });

  it('what the program lacks is offered as the daemon tells it, but not with --json, or where no packages can be', async () => {
    const file = join(folder, 'main.py');
    writeFileSync(file, "warn ModuleNotFoundError: No module named 'cv2'\nexit 1");
    const told = async (args: Partial<RunArguments> = {}, packages = true) => {
      const bench = new RunBench({ packages });
      expect(await bench.run(file, args)).to.equal(1);
      return { words: bench.shown.stderr.split('\n').filter((line) => line.includes('--package')), bench };
    };
    expect((await told()).words).to.deep.equal(['codebeaker: if that is the package opencv-python: codebeaker run --package opencv-python installs it']);
    expect((await told({}, false)).words).to.deep.equal([]);
    const { words, bench } = await told({ json: true });
    expect(words).to.deep.equal([]);
    expect((JSON.parse(bench.shown.stdout) as { missing?: unknown }).missing).to.deep.equal({ module: 'cv2', manager: 'pip', packages: ['opencv-python'] });
  });

  it('the cache is shown, checked and emptied', async () => {
    const clock = new FakeClock();
    const surroundings = { env: { XDG_CACHE_HOME: folder, XDG_CONFIG_HOME: folder }, home: folder, uid: process.getuid?.() ?? -1, clock, process, writeLog: (line: string) => expect.fail(line) } as unknown as Surroundings;
    const run = async (action: CacheArguments['action'], names: string[] = [], json = false) => {
      let text = '';
      const code = await cache(surroundings, { command: 'cache', action, names, json, config: undefined }, async (printed) => Number((text += printed) === ''));
      return { code, text };
    };
    expect(await run('ls')).to.deep.equal({ code: 0, text: '0 of at most 5g\n' });
    const shelf = createShelf(surroundings, 'codebeaker-1-aaaaaaaaaaaa', recordingLog([]));
    const put = async (key: string, until: number) => {
      const staging = await shelf.stage();
      writeFileSync(join(staging.path, 'file'), key);
      return shelf.keep(staging, { key: key.repeat(64), manager: 'pip', label: 'requirements.txt', locked: true, searchPath: '', modules: [], installed: [{ name: 'one', version: '1' }] }, until, new AbortController().signal);
    };
    const [one, two] = [await put('a', 0), await put('b', clock.now() + 1000)];
    const listed = await run('ls');
    for (const part of ['requirements.txt', one.name.slice(0, 12), two.name.slice(0, 12), 'in use', 'today']) expect(listed.text).to.contain(part);
    expect(JSON.parse((await run('ls', [], true)).text).environments).to.have.length(2);
    expect(await run('verify')).to.deep.equal({ code: 0, text: 'all 2 are as they were installed\n' });
    writeFileSync(join(await shelf.path(), one.name, 'file'), 'changed');
    expect((await run('verify')).code).to.equal(1);
    expect((await run('rm', ['ffff'])).code + (await run('rm', [''])).code).to.equal(2);
    expect((await run('rm', [two.name])).text).to.contain('is in use, and stays');
    expect((await run('rm', [one.name.slice(0, 6)])).text).to.contain('removed');
    await clock.advance(1001);
    expect((await run('prune')).text).to.match(/^removed 1 /);
    expect((await run('ls')).text).to.equal('0 of at most 5g\n');
    await shelf.close();
  });
});

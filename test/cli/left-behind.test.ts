/** What `codebeaker run` says after a program that did not find something: what of it lies here and did not go along. */
import { expect } from 'chai';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Complaints, leftBehind } from '../../server/src/cli/left-behind.ts';
import type { LanguageId } from '../../server/src/protocol/index.ts';
import { temporaryFolder } from '../policy/folder.ts';
import { RunBench } from './bench.ts';

describe('what a program that failed may lack', () => {
  const folder = temporaryFolder();
  const make = (...paths: string[]) => {
    for (const path of paths) {
      mkdirSync(dirname(join(folder(), path)), { recursive: true });
      writeFileSync(join(folder(), path), '');
    }
  };
  interface Run { readonly ignored?: string[]; readonly says?: string; readonly language?: LanguageId; readonly at?: string; readonly args?: string[]; readonly folder?: string; readonly with?: string[] }
  const told = (file: string, { language = 'python', at = '', args = [], folder: named, with: along = [], ignored = [], says = '' }: Run = {}) => {
    const here = join(folder(), at);
    const sent = named ?? dirname(file);
    return leftBehind({ language, args, ignored, mentions: (name) => says.includes(name), with: along.map((path) => join(here, path)), here, folder: join(folder(), sent), named: named !== undefined, home: dirname(folder()) });
  };

  it('is the rest of the project, whose folder is named', async () => {
    make('go.mod', 'cmd/tool/main.go');
    expect(await told('cmd/tool/main.go', { language: 'go' })).to.deep.equal(['only the folder cmd/tool went along, and the program started in it; --folder . sends the whole project']);
    expect(await told('cmd/tool/main.go', { language: 'go', at: 'cmd/tool' })).to.deep.equal(['only the folder . went along, and the program started in it; --folder ../.. sends the whole project']);
  });

  it('is the current folder, where no file tells what the project is', async () => {
    make('src/report.py', 'data.csv');
    expect(await told('src/report.py')).to.deep.equal(['only the folder src went along, and the program started in it; --folder . sends the current folder']);
    expect(await told('src/report.py', { at: 'src' })).to.deep.equal([]);
  });

  it('is node_modules, for JavaScript', async () => {
    make('package.json', 'index.js', 'node_modules/left/index.js');
    expect(await told('index.js', { language: 'javascript' })).to.deep.equal(['the packages of node_modules did not go along; --with node_modules sends them']);
    expect(await told('index.js', { language: 'javascript', with: ['node_modules'] })).to.deep.equal([]);
    expect(await told('index.js')).to.deep.equal([]);
  });

  it('is the packages of a virtual environment, for Python', async () => {
    make('requirements.txt', 'main.py', 'src/deep.py', '.venv/lib/python3.12/site-packages/left.py');
    const packages = '.venv/lib/python3.12/site-packages';
    expect(await told('main.py')).to.deep.equal([`the packages of .venv did not go along; --with ${packages} --env PYTHONPATH=${packages} sends them`]);
    expect(await told('main.py', { with: [packages] })).to.deep.equal([]);
    expect(await told('main.py', { with: ['.venv'] })).to.deep.equal([]);
    expect(await told('src/deep.py', { at: 'src' })).to.deep.equal([
      `only the folder . went along, and the program started in it; --folder .. --with ../${packages} --env PYTHONPATH=${packages} sends the whole project`,
    ]);
  });

  it('is both, in one command', async () => {
    make('package.json', 'src/index.ts', 'node_modules/left/index.js');
    expect(await told('src/index.ts', { language: 'typescript' })).to.deep.equal(['only the folder src went along, and the program started in it; --folder . --with node_modules sends the whole project']);
    expect(await told('src/index.ts', { language: 'typescript', folder: '.' })).to.deep.equal(['the packages of node_modules did not go along; --with node_modules sends them']);
  });

  it('is a file that an argument names by its name on this machine', async () => {
    make('src/report.py', 'src/near.csv', 'data.csv', '.git/HEAD');
    const absolute = join(folder(), 'src/near.csv');
    expect(await told('src/report.py', { at: 'src', folder: 'src', args: [absolute, '../data.csv', 'near.csv', 'none.csv', '--x'] })).to.deep.equal([
      `${absolute} is near.csv for the program, which started in a copy of the folder .`,
      '../data.csv did not go along; --folder sends a folder in which it and the program lie',
    ]);
    expect(await told('src/report.py', { args: ['src/near.csv'] })).to.deep.equal([
      'src/near.csv is near.csv for the program, which started in a copy of the folder src',
      'only the folder src went along, and the program started in it; --folder . sends the whole project',
    ]);
  });

  it('is what git ignores, if the program names it', async () => {
    make('.gitignore', 'src/main.py', 'src/.env', 'src/data/a.csv', 'src/logs/x');
    const ignored = ['.env', 'data', 'logs'];
    expect(await told('src/main.py', { at: 'src', folder: 'src', ignored, says: "No such file: '/workspace/data/a.csv'" })).to.deep.equal(['data did not go along, because git ignores it; --with data sends it']);
    expect(await told('src/main.py', { folder: 'src', ignored, says: 'no .env, no logs' })).to.deep.equal(['.env, logs did not go along, because git ignores them; --with src/.env --with src/logs sends them']);
    expect(await told('src/main.py', { folder: 'src', ignored })).to.deep.equal([]);
  });

  it('is the project file of C#, which is not read', async () => {
    make('Program.cs', 'shop.csproj');
    expect(await told('Program.cs', { language: 'csharp' })).to.deep.equal(['shop.csproj was not read: the C# files of the folder were compiled without it, and without packages']);
  });

  it('is told only if what it printed at its end says that something was not found', () => {
    const says = (...pieces: string[]) => {
      const complaints = new Complaints();
      for (const piece of pieces) complaints.hear(Buffer.from(piece));
      return complaints.missing;
    };
    for (const words of [
      "Error: Cannot find module 'left'", "ModuleNotFoundError: No module named 'x'", "FileNotFoundError: [Errno 2] No such file or directory: 'x'", 'open x: no such file or directory',
      'cannot find package "x"', 'no required module provides package x', 'cannot load such file -- x (LoadError)', 'Import "x" not a dependency', "error CS0246: The type or namespace name `Newtonsoft' could not be found",
      'sh: 1: ./x: not found', 'attempted relative import with no known parent package', 'package x is not in GOROOT', 'Relative import path "x" not prefixed with',
    ]) expect(says(words), words).to.equal(true);
    expect(says('No such ', 'file'), 'in two pieces').to.equal(true);
    expect(says('No such file', 'x'.repeat(20_000)), 'long ago').to.equal(false);
    expect([says('AssertionError: 3 != 4'), says()]).to.deep.equal([false, false]);
  });

  it('is told by a run that failed, but not with --json', async () => {
    make('package.json', 'src/main.py');
    const lines = async (script: string, json = false) => {
      writeFileSync(join(folder(), 'src/main.py'), script);
      const bench = new RunBench();
      await bench.run(join(folder(), 'src/main.py'), { json });
      return bench.shown.stderr.split('\n').filter((line) => line.startsWith('codebeaker: only the folder'));
    };
    expect(await lines('warn No such file\nexit 1')).to.have.length(1);
    expect([await lines('warn No such file'), await lines('warn no\nexit 1'), await lines('warn No such file\nexit 1', true)]).to.deep.equal([[], [], []]);
  });
});

/** (V9) `codebeaker run --save`: which files of a sandbox are written to a real folder, with a daemon that is made up. */
import { expect } from 'chai';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CancellationToken, type MessageConnection } from 'vscode-jsonrpc/node';
import { type Saved, watchFiles, wordsFor } from '../../server/src/cli/save.ts';
import { casesOf } from '../client-cases/cases.ts';
import { temporaryFolder } from '../policy/folder.ts';

interface Entry {
  readonly type?: string;
  readonly mtimeMs?: number;
  readonly size?: number;
}

interface How {
  readonly copied?: readonly string[];
  readonly meanwhile?: () => void;
  readonly replace?: boolean;
  readonly before?: Record<string, Entry>;
  readonly maxBytes?: number;
}

describe('codebeaker run --save (V9)', () => {
  const place = temporaryFolder();
  const mine = () => join(place(), 'mine');
  const text = (name: string) => readFileSync(join(mine(), name), 'utf8');
  const put = (name: string, content = 'mine') => {
    mkdirSync(join(mine(), name, '..'), { recursive: true });
    writeFileSync(join(mine(), name), content);
  };
  beforeEach(() => mkdirSync(mine()));

  /** Saves what a program made; `copied` are the files of the folder with which it began, and `meanwhile` happens while it runs. */
  async function save(made: Record<string, Entry>, { copied = [], meanwhile, replace = false, before = {}, maxBytes = 1000 }: How = {}): Promise<Saved> {
    let there = before;
    const connection = {
      sendRequest: async (method: string, { path, offset }: { path: string; offset: number }) => {
        if (method === 'command/listDirectory') {
          const entries = Object.entries(there).map(([name, entry]) => ({ path: `/workspace/${name}`, type: 'file', size: 4, mtimeMs: 1, ...entry }));
          return { path: '/workspace', entries, truncated: false };
        }
        const content = Buffer.from(`from ${path}`).subarray(offset, offset + 5);
        return { path, content: content.toString('base64'), encoding: 'base64', size: 0, eof: content.length < 5 };
      },
    } as unknown as MessageConnection;
    const sent = copied.map((path) => ({ path, size: 0, executable: false, original: statSync(join(mine(), path)), pieces: () => [] }));
    const saver = await watchFiles(connection, 's1', { patterns: ['**'], to: undefined, replace }, { sent, source: 'main.py', maxBytes, token: CancellationToken.None });
    meanwhile?.();
    there = made;
    return saver.save(mine());
  }
  const refusal = async (...args: Parameters<typeof save>) => {
    const { saved, notSaved } = await save(...args);
    expect(saved).to.deep.equal([]);
    return notSaved.map(({ reason }) => reason).join();
  };

  it('writes files whole, with the folders above them, and leaves nothing beside them', async () => {
    expect(await save({ 'out/deep/counts.csv': {} })).to.deep.equal({ saved: ['out/deep/counts.csv'], notSaved: [] });
    expect(text('out/deep/counts.csv')).to.equal('from /workspace/out/deep/counts.csv');
    expect(readdirSync(join(mine(), 'out/deep'))).to.deep.equal(['counts.csv']);
  });

  it('leaves what the program began with and did not change, the program itself, and caches', async () => {
    const before = { 'a.csv': { mtimeMs: 5 }, 'main.py': {} };
    expect(await save({ 'a.csv': { mtimeMs: 5 }, 'main.py': { mtimeMs: 9 }, 'lib/__pycache__/x.pyc': {} }, { before })).to.deep.equal({ saved: [], notSaved: [] });
  });

  it('replaces the file of which the program had a copy, and keeps its permissions', async () => {
    put('a.csv');
    chmodSync(join(mine(), 'a.csv'), 0o666);
    expect((await save({ 'a.csv': {} }, { copied: ['a.csv'] })).saved).to.deep.equal(['a.csv']);
    expect(text('a.csv')).to.equal('from /workspace/a.csv');
    expect(statSync(join(mine(), 'a.csv')).mode & 0o777).to.equal(0o666);
  });

  const notMine: Record<string, How> = {
    'the program had no copy of': {},
    'was changed while the program ran': { copied: ['a.csv'], meanwhile: () => put('a.csv', 'newer') },
    'has another time': { copied: ['a.csv'], meanwhile: () => utimesSync(join(mine(), 'a.csv'), 1, 1) },
    'is another one of the same name': { copied: ['a.csv'], meanwhile: () => { rmSync(join(mine(), 'a.csv')); put('x'); put('a.csv'); } },
    'came while the program ran': { meanwhile: () => put('a.csv', 'newer') },
  };
  for (const [title, how] of Object.entries(notMine)) {
    it(`does not replace a file that ${title}, unless it is told to`, async () => {
      if (!title.startsWith('came')) put('a.csv');
      expect(await refusal({ 'a.csv': {} }, how)).to.match(/newer or not what the program began with; --replace/);
      expect(text('a.csv')).to.be.oneOf(['mine', 'newer']);
      expect((await save({ 'a.csv': {} }, { replace: true })).saved).to.deep.equal(['a.csv']);
      expect(text('a.csv')).to.equal('from /workspace/a.csv');
    });
  }

  for (const path of casesOf('home').refused) {
    it(`writes nothing at ${JSON.stringify(path)}`, async () => {
      expect(await refusal({ [path]: {} }, { replace: true })).to.match(/outside of the folder|into \.git|not UTF-8/);
      expect([readdirSync(place()), readdirSync(mine())]).to.deep.equal([['mine'], []]);
    });
  }

  it('writes nothing through links, or over links, folders and files that are in the way', async () => {
    mkdirSync(join(place(), 'elsewhere'));
    writeFileSync(join(place(), 'target'), 'other');
    symlinkSync(join(place(), 'elsewhere'), join(mine(), 'linked'));
    symlinkSync(join(place(), 'target'), join(mine(), 'link'));
    mkdirSync(join(mine(), 'folder'));
    put('file');
    for (const path of ['linked/a.txt', 'link', 'folder', 'file/a.txt']) expect(await refusal({ [path]: {} }, { replace: true }), path).to.match(/is a link/);
    expect(existsSync(join(place(), 'elsewhere/a.txt'))).to.equal(false);
    expect(readFileSync(join(place(), 'target'), 'utf8')).to.equal('other');
  });

  it('writes no links and no devices', async () => {
    expect(await refusal({ a: { type: 'symlink' } })).to.equal('it is a link');
    expect(await refusal({ a: { type: 'other' } })).to.equal('it is not a regular file');
    expect(await save({ a: { type: 'directory' } })).to.deep.equal({ saved: [], notSaved: [] });
  });

  it('writes no more than the sandbox can have held', async () => {
    expect(await refusal({ a: { size: 2 ** 40 } })).to.match(/more than the disk limit/);
    expect(await refusal({ a: {} }, { maxBytes: 10 })).to.match(/larger than the disk limit/);
    expect(readdirSync(mine())).to.deep.equal([]);
  });

  it('tells what was saved in words that control no terminal', () => {
    expect(wordsFor({ saved: [], notSaved: [] })).to.deep.equal(['nothing is saved, because the program made no file that --save names']);
    expect(wordsFor({ saved: ['a\x1b[2J', 'b'], notSaved: [{ path: 'c\n', reason: 'it is a link' }, { reason: 'gone' }] }))
      .to.deep.equal(['saved a?[2J, b', 'c? is not saved: it is a link', 'not everything was saved: gone']);
    expect(wordsFor({ saved: Array.from({ length: 12 }, (_, at) => `f${at}`), notSaved: [] })[0]).to.match(/f9 and 2 more$/);
  });
});

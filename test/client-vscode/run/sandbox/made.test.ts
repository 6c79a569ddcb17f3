import { expect } from 'chai';
import { madeFiles } from '../../../../client-vscode/src/run/sandbox/made.ts';
import type { Source } from '../../../../client-vscode/src/run/source/source.ts';
import { FakeConnection } from '../../../fakes/connection.ts';
import { FakeDisk } from '../../../fakes/disk.ts';

type Entry = [path: string, size: number, mtimeMs: number, type?: string];

const source = { path: 'lib/a.py' } as Source;

async function made(entries: Entry[], copied: string | undefined = '/w'): Promise<string[]> {
  const disk = new FakeDisk();
  disk.mtimeMs = 500.7;
  disk.files.set('data.csv', 'old').set('lib/a.py', 'code').set('lib/b.py', 'beside').set('touched.txt', 'old');
  const connection = new FakeConnection();
  connection.answer('command/listDirectory', ({ path, recursive }) => {
    expect([path, recursive]).to.deep.equal(['/workspace', true]);
    return {
      path, truncated: false,
      entries: entries.map(([name, size, mtimeMs, type = 'file']) => ({ name: name.split('/').at(-1), path: `/workspace/${name}`, type, size, mtimeMs, mode: 0 })),
    };
  });
  return (await madeFiles(connection, 's1', source, copied, disk)).map(({ path, mark }) => `${mark} ${path}`);
}

describe('what a program made (V9)', () => {
  const copies: Entry[] = [['lib', 0, 900, 'directory'], ['lib/a.py', 4, 1000], ['lib/b.py', 6, 500], ['data.csv', 3, 500], ['touched.txt', 3, 990]];

  it('is nothing if there are only copies, whether or not they have kept their times', async () => {
    expect(await made(copies)).to.deep.equal([]);
  });

  it('is what the folder on this machine does not have, however old it says it is', async () => {
    expect(await made([...copies, ['out', 0, 1001, 'directory'], ['out/new.csv', 1, 1001], ['lib/unpacked.txt', 1, 3]])).to.deep.equal(['new out/new.csv', 'new lib/unpacked.txt']);
  });

  it('is what was written after the program began and is not as on this machine', async () => {
    const changed: Entry[] = [['lib/a.py', 4, 1000], ['data.csv', 3, 1000], ['lib/b.py', 9, 1200]];
    expect(await made(changed)).to.deep.equal(['changed data.csv', 'changed lib/b.py']);
  });

  it('is no link, no device, no directory and no cache of an interpreter', async () => {
    const others: Entry[] = [['l', 1, 2000, 'symlink'], ['d', 1, 2000, 'other'], ['f', 0, 2000, 'directory'], ['__pycache__/b.pyc', 1, 2000]];
    expect(await made([...copies, ...others])).to.deep.equal([]);
  });

  it('is everything but the source if no folder was copied', async () => {
    const disk = new FakeDisk();
    const connection = new FakeConnection();
    connection.answer('command/listDirectory', () => ({ entries: [{ name: 'data.csv', path: '/workspace/data.csv', type: 'file', size: 1, mtimeMs: 1 }] }));
    expect(await madeFiles(connection, 's1', source, undefined, disk)).to.deep.equal([{ path: 'data.csv', mark: 'new', size: 1, mtimeMs: 1 }]);
  });
});

import { expect } from 'chai';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDisk } from '../../../../client-vscode/src/run/sandbox/disk.ts';
import { changesBetween, type FolderSnapshot } from '../../../../client-vscode/src/run/sandbox/snapshot.ts';
import { FakeClock } from '../../../fakes/clock.ts';

describe('the disk', () => {
  let root: string;
  /** Long after all that is done to the files here. */
  const disk = createDisk(new FakeClock(Date.UTC(2130, 0, 1)));
  const snapshot = async () => (await disk.snapshot(root)) as FolderSnapshot;
  const write = (path: string, text: string) => writeFileSync(join(root, path), text);

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'codebeaker-test-disk-'));
    mkdirSync(join(root, 'lib/empty'), { recursive: true });
    write('a.py', 'a');
    write('lib/b.py', 'b');
    symlinkSync('/etc/passwd', join(root, 'link'));
  });
  afterEach(() => rmSync(root, { recursive: true }));

  it('lists files and folders, but no symbolic links', async () => {
    const { files, folders } = await snapshot();
    expect([...files.keys()].sort()).to.deep.equal(['a.py', 'lib/b.py']);
    expect([...folders].sort()).to.deep.equal(['lib', 'lib/empty']);
  });

  it('finds exactly the files that have changed', async () => {
    write('gone.py', '');
    const before = await snapshot();
    expect(changesBetween(before, await snapshot())).to.deep.equal({ changed: [], deleted: [] });
    write('lib/b.py', 'B');
    utimesSync(join(root, 'lib/b.py'), 1, 1);
    write('new.py', '');
    chmodSync(join(root, 'a.py'), 0o755);
    rmSync(join(root, 'gone.py'));
    const found = changesBetween(before, await snapshot());
    expect({ ...found, changed: [...(found?.changed ?? [])].sort() }).to.deep.equal({ changed: ['a.py', 'lib/b.py', 'new.py'], deleted: ['gone.py'] });
  });

  it('finds no changes if folders were added or removed', async () => {
    const before = await snapshot();
    rmSync(join(root, 'lib/empty'), { recursive: true });
    expect(changesBetween(before, await snapshot())).to.equal(undefined);
  });

  it('counts a file that was written a moment ago as changed', async () => {
    const now = createDisk(new FakeClock(Date.UTC(2000, 0, 1)));
    const before = (await now.snapshot(root)) as FolderSnapshot;
    expect(changesBetween(before, (await now.snapshot(root)) as FolderSnapshot)).to.deep.equal({ changed: ['a.py', 'lib/b.py'], deleted: [] });
  });

  it('does not list a folder with too many files', async () => {
    mkdirSync(join(root, 'many'));
    for (let file = 0; file < 5_000; file += 1) write(`many/${file}`, '');
    expect(await disk.snapshot(root)).to.equal(undefined);
  });

  it('knows whether a file is the only one in its folder', async () => {
    expect(await disk.isOnlyEntry(root, 'a.py')).to.equal(false);
    expect(await disk.isOnlyEntry(join(root, 'lib'), 'b.py')).to.equal(false);
    expect(await disk.isOnlyEntry(join(root, 'lib/empty'), 'b.py')).to.equal(true);
    write('lib/empty/b.py', '');
    expect(await disk.isOnlyEntry(join(root, 'lib/empty'), 'b.py')).to.equal(true);
    expect(await disk.isOnlyEntry(join(root, 'nowhere'), 'b.py')).to.equal(false);
  });

  it('reads the start of a file, and follows no symbolic link', async () => {
    chmodSync(join(root, 'a.py'), 0o700);
    write('a.py', 'abc');
    expect(await disk.readStart(join(root, 'a.py'), 2)).to.deep.equal({ bytes: Buffer.from('ab'), executable: true });
    expect(await disk.readStart(join(root, 'lib/b.py'), 2)).to.deep.equal({ bytes: Buffer.from('b'), executable: false });
    expect(await disk.readStart(join(root, 'link'), 2).catch(() => 'refused')).to.equal('refused');
  });
});

/** File commands on folders of the host in which hostile programs plant links, swap files for links and make deep trees. Failures F-A1, F-A2 and F-A5. */
import { expect } from 'chai';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type Dirent, readdirSync } from 'node:fs';
import { chmod, link, lstat, mkdir, mkdtemp, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { platform, tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfinedFiles } from '../../../server/src/runtime/machine/confined.ts';
import { emptyDirectory, removeIfThere } from '../../../server/src/runtime/machine/remove.ts';
import { lend, walkerFor } from '../../../server/src/runtime/machine/walk.ts';
import { rejects } from '../contract/harness.ts';

const SECRET = 'what is outside';
const OVER = { mode: 'overwrite', executable: undefined } as const;
const TREE = { recursive: true, overwrite: true };

/** On Linux directories are held open; `aix` stands for all systems on which paths are compared. */
for (const system of ['linux', 'aix'] as const) {
  if (system === 'linux' && platform() !== 'linux') continue;

  describe(`files confined to folders of the host, as on ${system === 'linux' ? 'Linux' : 'other systems'}`, () => {
    let place: string;
    let outside: string;
    let workspace: string;
    let files: ConfinedFiles;
    const walker = walkerFor(system);

    beforeEach(async () => {
      place = await realpath(await mkdtemp(join(tmpdir(), 'host-files-')));
      outside = join(place, 'outside');
      workspace = join(place, 'workspace');
      for (const folder of [outside, workspace, join(place, 'tmp')]) await mkdir(folder);
      await writeFile(join(outside, 'file'), SECRET);
      const mounts = [
        { virtual: '/workspace', host: workspace, writable: true },
        { virtual: '/tmp', host: join(place, 'tmp'), writable: true },
      ];
      files = new ConfinedFiles(mounts, walker, { require: () => undefined, check: () => Promise.resolve() });
    });
    afterEach(async () => {
      expect(snapshot(outside)).to.deep.equal(['file']);
      expect(await readFile(join(outside, 'file'), 'utf8')).to.equal(SECRET);
      await rm(place, { recursive: true });
    });

    const everything: Record<string, (path: string) => Promise<unknown>> = {
      read: (path) => files.read(path, 0, undefined),
      overwrite: (path) => files.write(path, Buffer.from('x'), OVER),
      append: (path) => files.write(path, Buffer.from('x'), { mode: 'append', executable: true }),
      'copy from': (path) => files.copy(path, '/tmp/copy', TREE),
      'copy to': async (path) => {
        await files.write('/tmp/source', Buffer.from('x'), OVER);
        await files.copy('/tmp/source', path, TREE);
      },
    };
    for (const [name, act] of Object.entries(everything)) {
      it(`${name} nothing through a link at the end, in the middle, or twice (F-A1, F-A2, F-A3)`, async () => {
        await symlink(join(outside, 'file'), join(workspace, 'final'));
        await symlink(outside, join(workspace, 'middle'));
        await symlink('final', join(workspace, 'twice'));
        await symlink('../outside/file', join(workspace, 'relative'));
        for (const path of ['final', 'middle/file', 'twice', 'relative']) await rejects(act(`/workspace/${path}`), 'InvalidPath');
      });
    }

    it('create, list and delete nothing through a link in the middle', async () => {
      await symlink(outside, join(workspace, 'middle'));
      await rejects(files.write('/workspace/middle/new', Buffer.from('x'), { mode: 'create', executable: undefined }), 'InvalidPath');
      await rejects(files.createDirectory('/workspace/middle/new', true), 'InvalidPath');
      await rejects(files.createDirectory('/workspace/middle/new/deep', true), 'InvalidPath');
      await rejects(files.list('/workspace/middle', { recursive: true, limit: 10, accept: () => true }), 'InvalidPath');
      await rejects(files.delete('/workspace/middle/file', { recursive: true, force: true }), 'InvalidPath');
      await rejects(files.directory('/workspace/middle'), 'InvalidPath');
      const { entries } = await files.list('/workspace', { recursive: true, limit: 10, accept: () => true });
      expect(entries.map(({ path, type }) => [path, type])).to.deep.equal([['/workspace/middle', 'symlink']]);
    });

    it('delete a link and not what it leads to, also in a tree', async () => {
      await mkdir(join(workspace, 'tree/deep'), { recursive: true });
      await symlink(outside, join(workspace, 'tree/deep/link'));
      await symlink(outside, join(workspace, 'link'));
      expect(await files.delete('/workspace/link', { recursive: true, force: false })).to.equal(true);
      expect(await files.delete('/workspace/tree', { recursive: true, force: false })).to.equal(true);
      expect(snapshot(workspace)).to.deep.equal([]);
    });

    it('leave links out when a tree is copied, and do not copy through a link at the destination', async () => {
      await mkdir(join(workspace, 'tree'));
      await writeFile(join(workspace, 'tree/file'), 'ours');
      await symlink(join(outside, 'file'), join(workspace, 'tree/link'));
      await files.copy('/workspace/tree', '/workspace/copy', TREE);
      expect(snapshot(join(workspace, 'copy'))).to.deep.equal(['file']);
      await mkdir(join(workspace, 'trap'));
      await symlink(join(outside, 'file'), join(workspace, 'trap/file'));
      await rejects(files.copy('/workspace/tree', '/workspace/trap', TREE), 'InvalidPath');
    });

    it('do not empty a file that is copied onto itself under another name', async () => {
      await writeFile(join(workspace, 'one'), 'content');
      await link(join(workspace, 'one'), join(workspace, 'two'));
      await rejects(files.copy('/workspace/one', '/workspace/two', TREE), 'FileExists');
      expect(await readFile(join(workspace, 'one'), 'utf8')).to.equal('content');
    });

    for (const path of ['/workspace/../outside/file', '/workspace/./x', '/workspace//x', '/workspaceX/x', '/outside/file', 'workspace/x', '', '/', '/workspace/a\0b', '/workspace/', '/tmp/..']) {
      it(`refuse the path ${JSON.stringify(path)} (F-A5)`, async () => {
        await rejects(files.read(path, 0, undefined), 'InvalidPath');
        await rejects(files.write(path, Buffer.from('x'), OVER), 'InvalidPath');
        await rejects(files.list(path, { recursive: false, limit: 1, accept: () => true }), 'InvalidPath');
      });
    }

    it('never delete the mounts themselves', async () => {
      await rejects(files.delete('/workspace', { recursive: true, force: true }), 'WrongFileType');
      await rejects(files.write('/workspace', Buffer.from('x'), OVER), 'WrongFileType');
      await rejects(files.read('/tmp', 0, undefined), 'WrongFileType');
    });

    it('copy whole mounts', async () => {
      await writeFile(join(workspace, 'file'), 'ours');
      await files.copy('/workspace', '/tmp/all', TREE);
      await files.copy('/tmp/all', '/workspace', TREE);
      expect(snapshot(join(place, 'tmp/all'))).to.deep.equal(['file']);
      await rejects(files.copy('/workspace', '/tmp/none', { recursive: false, overwrite: true }), 'WrongFileType');
      await rejects(files.copy('/tmp/all', '/workspace', { recursive: true, overwrite: false }), 'FileExists');
    });

    it('remove trees that are deeper than a path can be long, without permissions, or full of odd names', async () => {
      const odd = Buffer.concat([Buffer.from(`${workspace}/`), Buffer.from([0xff, 0xfe, 0x0a])]);
      await mkdir(odd);
      await mkdir(join(workspace, 'locked/in/side'), { recursive: true });
      await chmod(join(workspace, 'locked/in'), 0);
      const nest = "for (let n = 0; n < 2000; n++) { fs.mkdirSync('a-name-of-some-length'); process.chdir('a-name-of-some-length'); fs.writeFileSync('f', ''); }";
      await once(spawn(process.execPath, ['-e', nest], { cwd: workspace, stdio: 'ignore' }), 'exit');
      await lend(walker.open(workspace), (directory) => emptyDirectory(walker, directory));
      expect(snapshot(workspace)).to.deep.equal([]);
      await removeIfThere(walker, workspace);
      await removeIfThere(walker, workspace);
      expect(snapshot(place)).not.to.include('workspace');
      await mkdir(workspace);
    });

    it('list no more entries than asked for, and come to an end in a deep tree', async () => {
      await mkdir(join(workspace, 'd/'.repeat(600)), { recursive: true });
      const { entries, truncated } = await files.list('/workspace', { recursive: true, limit: 10_000, accept: () => true });
      expect(entries.length).to.be.within(500, 600);
      expect(truncated).to.equal(true);
    });

    if (system === 'linux') {
      it('stay inside while directories and files are swapped for links (F-A1)', async () => {
        await mkdir(join(workspace, 'swap'));
        await writeFile(join(workspace, 'swap/file'), 'ours');
        await writeFile(join(workspace, 'plain'), 'ours');
        const swapper = spawn(process.execPath, ['-e', swapping], { cwd: workspace, stdio: ['ignore', 'pipe', 'inherit'] });
        await once(swapper.stdout, 'data');
        let read = 0;
        for (let times = 0; times < 400; times++) {
          const results = await Promise.allSettled([
            ...['/workspace/swap/file', '/workspace/plain'].map((path) => files.read(path, 0, undefined)),
            files.write('/workspace/swap/file', Buffer.from('ours'), OVER),
            files.write('/workspace/swap/new/deep', Buffer.from('ours'), OVER),
            files.write('/workspace/plain', Buffer.from('ours'), OVER),
            files.copy('/workspace/swap', '/tmp/copy', TREE),
            files.copy('/tmp/copy', '/workspace/swap', TREE),
            files.delete('/workspace/swap/new', { recursive: true, force: true }),
            files.list('/workspace', { recursive: true, limit: 100, accept: () => true }),
          ]);
          for (const result of results.slice(0, 2)) {
            if (result.status === 'rejected') continue;
            read++;
            expect(JSON.stringify((result.value as { bytes: Buffer }).bytes.toString())).not.to.contain(SECRET);
          }
          const copied = await readFile(join(place, 'tmp/copy/file'), 'utf8').catch(() => 'ours');
          expect(copied).not.to.contain(SECRET);
        }
        swapper.kill('SIGKILL');
        await once(swapper, 'exit');
        expect(read).to.be.greaterThan(0);
      });

      it('do not wait for the other end of a pipe', async () => {
        await once(spawn('mkfifo', [join(workspace, 'pipe')]), 'exit');
        await rejects(files.read('/workspace/pipe', 0, undefined), 'WrongFileType');
        await rejects(files.write('/workspace/pipe', Buffer.from('x'), OVER), 'WrongFileType');
        await rejects(files.copy('/workspace/pipe', '/tmp/x', TREE), 'WrongFileType');
        await files.delete('/workspace/pipe', { recursive: false, force: false });
        expect((await lstat(workspace)).isDirectory()).to.equal(true);
      });
    }
  });
}

/** A program that, until it is killed, swaps a directory and a file for links to the outside and back, as fast as it can. */
const swapping = `
const fs = require('fs');
fs.symlinkSync('../outside', 'link-d'); fs.symlinkSync('../outside/file', 'link-f');
process.stdout.write('ready');
for (;;) for (const [name, link] of [['swap', 'link-d'], ['plain', 'link-f']]) {
  try { fs.renameSync(name, name + '.away'); fs.renameSync(link, name); } catch {}
  try { fs.renameSync(name, link); fs.renameSync(name + '.away', name); } catch {}
}`;

function snapshot(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).map((entry: Dirent) => entry.name).sort();
}

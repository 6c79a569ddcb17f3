/** The contract on links in the workspace, from a program or in a folder that was copied: they are never followed out of the sandbox. */
import { expect } from 'chai';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create, limits, names, type Parts, read, rejects, type Subject, textOf, useSandbox, write } from './harness.ts';

export function describeLinks(parts: Parts): void {
  describe('links in a copied folder', () => {
    let folder: string;
    let subject: Subject;
    before(async () => {
      subject = await parts.make();
      folder = await mkdtemp(join(tmpdir(), 'contract-links-'));
      await mkdir(join(folder, 'outside'));
      await writeFile(join(folder, 'outside/secret'), 'what was not shared');
      await mkdir(join(folder, 'shared/deep'), { recursive: true });
      await writeFile(join(folder, 'shared/deep/file'), 'what was shared', { mode: 0o755 });
      await symlink(join(folder, 'outside'), join(folder, 'shared/directory'));
      await symlink('../outside/secret', join(folder, 'shared/secret'));
      await symlink('deep/file', join(folder, 'shared/inner'));
    });
    after(async () => {
      await subject.dispose();
      await rm(folder, { recursive: true });
    });

    it('are not copied, and neither is what they lead to (F-A1)', async () => {
      const sandbox = await create(subject, { workspace: { path: join(folder, 'shared'), access: 'copy' } });
      try {
        expect(await read(sandbox, '/workspace/deep/file')).to.equal('what was shared');
        expect(await names(sandbox, '/workspace', true)).to.deep.equal(['deep', 'deep/file']);
        await write(sandbox, '/workspace/deep/file', 'changed');
        await write(sandbox, '/workspace/new', 'new');
      } finally {
        await sandbox.close();
      }
      expect(await readFile(join(folder, 'shared/deep/file'), 'utf8')).to.equal('what was shared');
      expect(await readdir(join(folder, 'shared'))).to.have.members(['deep', 'directory', 'inner', 'secret']);
    });

    it('do not keep a folder that is too large from being refused', async () => {
      await writeFile(join(folder, 'shared/large'), '');
      await truncate(join(folder, 'shared/large'), limits.diskBytes + 1);
      await rejects(create(subject, { workspace: { path: join(folder, 'shared'), access: 'copy' } }), 'DiskFull');
      await rm(join(folder, 'shared/large'));
      expect(await subject.leftovers()).to.deep.equal([]);
    });
  });

  if (!parts.features.shell) return;

  describe('links that a program made', () => {
    const held = useSandbox(parts);
    before(async () => {
      await textOf(held.sandbox, 'mkdir -p real; echo real > real/file; ln -s real/file link; ln -s real folder; ln -s /nowhere dangling; mkfifo pipe');
    });

    it('are listed as links, and lists do not go through them', async () => {
      const { entries } = await held.sandbox.files.list('/workspace', { recursive: true, limit: 100, accept: () => true });
      expect(entries.map(({ path, type }) => [path, type])).to.deep.equal([
        ['/workspace/dangling', 'symlink'],
        ['/workspace/folder', 'symlink'],
        ['/workspace/link', 'symlink'],
        ['/workspace/pipe', 'other'],
        ['/workspace/real', 'directory'],
        ['/workspace/real/file', 'file'],
      ]);
    });

    it('are deleted themselves, not what they lead to', async () => {
      await textOf(held.sandbox, 'ln -s real victim; ln -s real/file victim2');
      await held.sandbox.files.delete('/workspace/victim', { recursive: true, force: false });
      await held.sandbox.files.delete('/workspace/victim2', { recursive: false, force: false });
      expect(await read(held.sandbox, '/workspace/real/file')).to.equal('real\n');
    });

    it('and named pipes never make a file command wait', async () => {
      await rejects(read(held.sandbox, '/workspace/pipe'), 'WrongFileType');
      await rejects(write(held.sandbox, '/workspace/pipe', 'x'), 'WrongFileType');
      await rejects(held.sandbox.files.copy('/workspace/pipe', '/workspace/copy', { recursive: false, overwrite: true }), 'WrongFileType');
    });

    if (parts.features.links === 'followed') {
      it('are followed within the sandbox', async () => {
        await textOf(held.sandbox, 'ln -sf /etc/hostname own');
        expect(await read(held.sandbox, '/workspace/own')).to.equal(await textOf(held.sandbox, 'cat /etc/hostname'));
      });
    } else {
      it('are refused (F-A2)', async () => {
        await rejects(read(held.sandbox, '/workspace/link'), 'InvalidPath');
        await rejects(write(held.sandbox, '/workspace/folder/file', 'x'), 'InvalidPath');
      });
    }
  });
}

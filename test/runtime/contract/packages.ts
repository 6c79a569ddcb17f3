/** The contract on packages: what sandboxes see of those on this machine, and that they can change none of it. */
import { expect } from 'chai';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, realpathSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Sandbox, SandboxSpec } from '../../../server/src/runtime/ports.ts';
import { create, type Parts, rejects, run, textOf, useSandbox } from './harness.ts';

export function describePackages(parts: Parts): void {
  describe('packages', () => {
    const held = useSandbox(parts);
    let folder: string;

    before(() => {
      folder = realpathSync(mkdtempSync(join(tmpdir(), 'shelf-')));
      chmodSync(folder, 0o311);
    });
    after(() => rmSync(folder, { recursive: true, force: true }));

    const put = (name: string, text: string) => {
      mkdirSync(join(folder, name), { mode: 0o755 });
      writeFileSync(join(folder, name, 'file'), text, { mode: 0o644 });
    };
    const inNew = async (packages: SandboxSpec['packages'], work: (sandbox: Sandbox) => Promise<unknown>) => {
      const sandbox = await create(held.subject, { packages });
      await work(sandbox).finally(() => sandbox.close());
    };
    const onShelf = (work: (sandbox: Sandbox) => Promise<unknown>) => inNew({ kind: 'shelf', path: folder }, work);

    it('are declared', async () => {
      await onShelf(async (sandbox) => {
        expect(sandbox.can.packages).to.equal(held.subject.runtime.can.packages);
        for (const showing of [() => sandbox.showModules(new Map()), () => sandbox.showFile('own', 'text')]) await (sandbox.can.packages ? showing() : rejects(showing(), 'SandboxFailed'));
      });
      expect(held.sandbox.can.packages, 'of a sandbox that was made without').to.equal(false);
    });

    it('are seen, also those that come later, and are not changed or listed', async function () {
      if (!held.subject.runtime.can.packages) return;
      put('first', 'one');
      await onShelf(async (sandbox) => {
        expect(await sandbox.isPristine()).to.equal(true);
        expect(await textOf(sandbox, 'cat /.codebeaker/packages/first/file')).to.equal('one');
        expect((await run(sandbox, 'cat /.codebeaker/packages/second/file')).exit).to.deep.include({ code: 1 });
        put('second', 'two');
        expect(await textOf(sandbox, 'cat /.codebeaker/packages/second/file')).to.equal('two');
        for (const line of [
          'ls /.codebeaker/packages', 'echo x >/.codebeaker/packages/first/file', 'rm -r /.codebeaker/packages/first', 'mkdir /.codebeaker/packages/third',
          'chmod 755 /.codebeaker/packages', 'mv /.codebeaker/packages/first /.codebeaker/packages/fourth', 'touch /node_modules/own',
        ]) {
          const { exit } = await run(sandbox, line);
          expect(exit, line).to.deep.include({ kind: 'exited' });
          expect((exit as { code: number }).code, line).not.to.equal(0);
        }
        expect(readFileSync(join(folder, 'first', 'file'), 'utf8')).to.equal('one');
        expect(sandbox.isolation.layers.find(({ name }) => name === 'disk')?.state).to.equal(held.sandbox.isolation.layers.find(({ name }) => name === 'disk')?.state);
      });
    });

    it('for Node are links that the daemon can replace', async () => {
      if (!held.subject.runtime.can.packages) return;
      put('third', 'three');
      await onShelf(async (sandbox) => {
        await sandbox.showModules(new Map([['one', '/.codebeaker/packages/third'], ['@scope', '/.codebeaker/packages/third']]));
        expect(await textOf(sandbox, 'cat /node_modules/one/file /node_modules/@scope/file')).to.equal('threethree');
        await sandbox.showModules(new Map([['two', '/.codebeaker/packages/third']]));
        expect(await textOf(sandbox, 'ls /node_modules')).to.equal('two\n');
        expect(await sandbox.isPristine()).to.equal(true);
      });
    });

    it('stand beside files that the daemon shows, which programs read and can not change', async () => {
      if (!held.subject.runtime.can.packages) return;
      await onShelf(async (sandbox) => {
        const file = await sandbox.showFile('own', 'one');
        await sandbox.showModules(new Map([['two', '/.codebeaker/packages/third']]));
        expect(await textOf(sandbox, `cat ${file}; ls /node_modules`)).to.equal('onetwo\n');
        for (const line of [`echo x >${file}`, `rm ${file}`, `mv ${file} ${file}2`, `chmod 666 ${file}`, `ln -sf /tmp/x ${file}`]) {
          expect(await textOf(sandbox, `{ ${line}; } 2>/dev/null && echo changed; true`), line).to.equal('');
        }
        expect(await sandbox.showFile('own', 'another')).to.equal(file);
        expect(await textOf(sandbox, ['cat', file])).to.equal('another');
        expect(await sandbox.isPristine()).to.equal(true);
      });
    });

    it('are made by a sandbox that writes only its own folder of the host', async () => {
      if (!held.subject.runtime.can.packages) return;
      const path = realpathSync(mkdtempSync(join(tmpdir(), 'staging-')));
      try {
        if (process.getuid?.() === 0) chownSync(path, 65_534, 65_534);
        await inNew({ kind: 'staging', path, name: 'fresh' }, async (sandbox) => {
          await textOf(sandbox, 'echo made >/.codebeaker/packages/fresh/file && cd /.codebeaker/packages/fresh && mkdir folder');
          expect((await run(sandbox, 'touch /.codebeaker/packages/other')).exit).not.to.deep.include({ code: 0 });
          expect(sandbox.can.packages).to.equal(false);
        });
        expect(readFileSync(join(path, 'file'), 'utf8')).to.equal('made\n');
      } finally {
        rmSync(path, { recursive: true, force: true });
      }
    });
  });
}

/** A shared folder with links in it, as the workspace of programs under Deno. Failures F-A1 and F-A7. */
import { expect } from 'chai';
import { chmod, mkdir, mkdtemp, readdir, readFile, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Sandbox, SharedFolder } from '../../../../server/src/runtime/ports.ts';
import { need, npmPackage } from '../../../require.ts';
import { create, names, read, rejects, write } from '../../contract/harness.ts';
import { Outside } from './outside.ts';
import { denoSubject } from './subject.ts';

describe('a folder shared with programs under deno', () => {
  let folder: string;
  let outside: Outside;

  before(need('deno', npmPackage('deno')));
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'shared with deno-'));
    await mkdir(join(folder, 'deep/er'), { recursive: true });
    await mkdir(join(folder, 'plain'));
    await writeFile(join(folder, 'plain/file'), 'what was shared');
    await symlink('../../plain/file', join(folder, 'deep/er/inner'));
  });
  afterEach(async () => {
    await outside.remove();
    await rm(folder, { recursive: true });
  });

  /** The sandbox is made after `outside`, so that links can lead there. */
  async function share(access: SharedFolder['access']): Promise<Sandbox> {
    const subject = await denoSubject();
    outside = await Outside.make({}, subject);
    await outside.sandbox.close();
    await symlink(outside.folder, join(folder, 'deep/er/out'));
    await symlink(join(outside.folder, 'secret.txt'), join(folder, 'top'));
    await symlink('/nowhere/at/all', join(folder, 'dangling'));
    const sandbox = await subject.runtime.create(
      {
        name: 'shared', language: undefined, image: undefined, workspace: { path: folder, access },
        limits: { memoryBytes: 1 << 28, cpus: 1, pids: 1, diskBytes: 1 << 24, outputBytes: 1 << 20, timeoutMs: 0, packageBytes: 1 << 20 },
      },
      { signal: new AbortController().signal, report: () => undefined },
    );
    Object.assign(outside, { sandbox });
    return sandbox;
  }

  const through: Record<string, string> = {
    'read a link': 'Deno.readTextFileSync("top")',
    'read through a link': 'Deno.readTextFileSync("deep/er/out/secret.txt")',
    'list through a link': '[...Deno.readDirSync("deep/er/out")].length',
    'import through a link': 'await import(String("./deep/er/out/secret.ts"))',
    'import a link as text': 'await import(String("./top"), { with: { type: "text" } })',
    'write a link': 'Deno.writeTextFileSync("top", "x")',
    'write through a link': 'Deno.writeTextFileSync("deep/er/out/new", "x")',
    'make something where a link leads nowhere': 'Deno.writeTextFileSync("dangling", "x")',
    'copy a link': 'Deno.copyFileSync("top", "copy")',
    'link a link': 'Deno.linkSync("top", "top2")',
    'move a link': 'Deno.renameSync("top", "top2")',
    'move what holds a link': 'Deno.renameSync("deep", "shallow")',
    'move what holds a link, nearer': 'Deno.renameSync("deep/er", "er")',
    'move a link that leads in': 'Deno.renameSync("deep/er/inner", "inner")',
    'link a link that leads in': 'Deno.linkSync("deep/er/inner", "inner")',
    'copy what holds links': '(await import("node:fs")).cpSync(Deno.cwd() + "/deep", Deno.cwd() + "/copy", { recursive: true, verbatimSymlinks: true })',
    'move the folder away': 'Deno.renameSync(Deno.cwd(), Deno.env.get("TMPDIR") + "/moved")',
  };

  for (const access of ['readOnly', 'readWrite'] as const) {
    it(`${access}: has no link that leads programs out of it (F-A7)`, async () => {
      await share(access);
      // The source file goes to /tmp, because the folder may be read-only.
      expect(await attemptFromTmp(through)).to.deep.equal({});
      expect(await readlink(join(folder, 'top'))).to.equal(join(outside.folder, 'secret.txt'));
    });

    it(`${access}: has no link that the file commands follow (F-A1)`, async () => {
      const sandbox = await share(access);
      await rejects(read(sandbox, '/workspace/top'), 'InvalidPath');
      await rejects(read(sandbox, '/workspace/deep/er/out/secret.txt'), 'InvalidPath');
      await rejects(read(sandbox, '/workspace/deep/er/inner'), 'InvalidPath');
      await rejects(names(sandbox, '/workspace/deep/er/out'), 'InvalidPath');
      await rejects(sandbox.files.copy('/workspace/top', '/tmp/top', { recursive: true, overwrite: true }), 'InvalidPath');
      await rejects(write(sandbox, '/workspace/top', 'x'), 'InvalidPath');
      await rejects(write(sandbox, '/workspace/deep/er/out/new', 'x'), 'InvalidPath');
      await sandbox.files.copy('/workspace/deep', '/tmp/deep', { recursive: true, overwrite: true });
      expect(await names(sandbox, '/tmp/deep', true)).to.deep.equal(['er']);
    });
  }

  it('readOnly: can be read, and not written', async () => {
    const sandbox = await share('readOnly');
    expect(await read(sandbox, '/workspace/plain/file')).to.equal('what was shared');
    await rejects(write(sandbox, '/workspace/new', 'x'), 'InvalidPath');
    await rejects(sandbox.files.delete('/workspace/plain', { recursive: true, force: true }), 'InvalidPath');
    await rejects(sandbox.files.createDirectory('/workspace/new', true), 'InvalidPath');
    await rejects(sandbox.files.copy('/workspace/plain', '/workspace/new', { recursive: true, overwrite: true }), 'InvalidPath');
    const open = await attemptFromTmp({
      read: 'Deno.readTextFileSync("plain/file")',
      'read by a link that leads in': 'Deno.readTextFileSync("deep/er/inner")',
      'write /tmp': 'Deno.writeTextFileSync(Deno.env.get("TMPDIR") + "/x", "")',
      write: 'Deno.writeTextFileSync("new", "")',
      remove: 'Deno.removeSync("plain/file")',
    });
    expect(Object.keys(open)).to.deep.equal(['read', 'read by a link that leads in', 'write /tmp']);
    expect(await readdir(folder)).to.have.members(['dangling', 'deep', 'plain', 'top']);
  });

  it('readWrite: can be read and written, and stays when the sandbox is removed', async () => {
    const sandbox = await share('readWrite');
    await write(sandbox, '/workspace/by/us', 'ours');
    const open = await attemptFromTmp({ read: 'Deno.readTextFileSync("by/us")', write: 'Deno.writeTextFileSync("theirs", "theirs")', 'make a directory': 'Deno.mkdirSync("made")' });
    expect(Object.keys(open)).to.have.length(3);
    await sandbox.close();
    expect(await readdir(folder)).to.have.members(['by', 'dangling', 'deep', 'made', 'plain', 'theirs', 'top']);
    expect(await readFile(join(folder, 'theirs'), 'utf8')).to.equal('theirs');
  });

  it('is described in the isolation of the sandbox', async () => {
    const { isolation } = await share('readWrite');
    const layer = isolation.layers.find(({ name }) => name === 'filesystem');
    expect(layer?.state).to.equal('degraded');
    expect(layer?.detail).to.contain('3 links that lead out of the folder can\'t be used').and.to.contain('3 of its entries can\'t be written');
  });

  it('is refused if its path has a comma in it, but can be copied', async () => {
    await share('copy');
    const odd = await mkdtemp(join(folder, 'a,b-'));
    await writeFile(join(odd, 'file'), 'x');
    const fault = await rejects(create(outside.subject, { workspace: { path: odd, access: 'readOnly' } }), 'IsolationUnavailable');
    expect(fault.message).to.contain('comma');
    const copied = await create(outside.subject, { workspace: { path: odd, access: 'copy' } });
    expect(await names(copied, '/workspace')).to.deep.equal(['file']);
  });

  it('stays when a sandbox is removed whose programs have made deep folders without permissions', async () => {
    const sandbox = await share('copy');
    await attemptFromTmp({
      nest: '(() => { for (let depth = 0; depth < 3000; depth++) { Deno.mkdirSync("nested"); Deno.chdir("nested"); } })()',
      lock: '(Deno.mkdirSync(Deno.env.get("TMPDIR") + "/locked/in", { recursive: true }), Deno.chmodSync(Deno.env.get("TMPDIR") + "/locked/in", 0), Deno.chmodSync(Deno.env.get("TMPDIR") + "/locked", 0))',
    });
    await sandbox.close();
    expect(await outside.subject.leftovers()).to.deep.equal([]);
    expect(await read1(join(folder, 'plain/file'))).to.equal('what was shared');
    await chmod(folder, 0o700);
  });

  const read1 = (path: string) => readFile(path, 'utf8');

  async function attemptFromTmp(attempts: Record<string, string>): Promise<Record<string, string>> {
    return outside.attempt(attempts, '', '/tmp/attempts.ts');
  }
});

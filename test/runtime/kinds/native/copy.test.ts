/** A folder of the host that is copied into a sandbox with a real agent: contents, names, permissions and times. */
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { createNativeRuntime } from '../../../../server/src/runtime/kinds/native/native.ts';
import { need } from '../../../require.ts';
import { create, read, textOf } from '../../contract/harness.ts';
import { bubblewrap, nativeSubject, type NativeSubject } from './subject.ts';

describe('a folder that is copied into a native sandbox', () => {
  before(need('bubblewrap', bubblewrap));
  let subject: NativeSubject;
  let folder: string;
  before(async () => {
    subject = await nativeSubject(createNativeRuntime);
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'copied-')));
  });
  after(async () => {
    rmSync(folder, { recursive: true });
    await subject.dispose();
  });

  it('is there as it was, and belongs to the programs', async () => {
    const files: Record<string, Buffer> = { 'é 日本': Buffer.from('é'), "it's\n*": Buffer.alloc(0), 'deep/er/large': Buffer.alloc(3_000_001, 'x') };
    mkdirSync(join(folder, 'deep/er'), { recursive: true });
    mkdirSync(join(folder, 'hollow'));
    for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
    for (let count = 0; count < 500; count++) writeFileSync(join(folder, 'deep', `file${count}`), String(count));
    writeFileSync(Buffer.concat([Buffer.from(`${folder}/`), Buffer.from('caf\xe9', 'latin1')]), 'latin');
    writeFileSync(join(folder, 'run'), '#!/bin/sh\necho "$0 ran"\n');
    chmodSync(join(folder, 'run'), 0o751);
    chmodSync(join(folder, 'deep/file7'), 0o600);
    utimesSync(join(folder, 'run'), 1_000_000_000, 1_000_000_000.5);
    const sandbox = await create(subject, { workspace: { path: folder, access: 'copy' } });
    const { entries } = await sandbox.files.list('/workspace', { recursive: true, limit: 10_000, accept: () => true });
    const found = new Map(entries.map((entry) => [entry.path.slice('/workspace/'.length), entry]));
    for (const [name, content] of Object.entries(files)) {
      expect((await sandbox.files.read(`/workspace/${name}`, 0, undefined)).bytes.equals(content), name).to.equal(true);
      expect(found.get(name)).to.include({ type: 'file', size: content.length, mtimeMs: Math.floor(statSync(join(folder, name)).mtimeMs) });
    }
    expect(await read(sandbox, '/workspace/caf\u{10fee9}')).to.equal('latin');
    expect(found.get('hollow')).to.include({ type: 'directory' });
    expect([found.get('run')?.mode, found.get('run')?.mtimeMs, found.get('deep/file7')?.mode]).to.deep.equal([0o751, 1_000_000_000_500, 0o600]);
    expect(found.size).to.equal(Object.keys(files).length + 500 + 5);
    expect(await textOf(sandbox, './run && echo more >>deep/file7 && cat deep/file7 && rm -r deep hollow && ls | wc -l')).to.equal('./run ran\n7more\n5\n');
    expect(await sandbox.files.list('/workspace', { recursive: false, limit: 10, accept: (name) => name.startsWith('.') })).to.deep.equal({ entries: [], truncated: false });
    await sandbox.close();
  });
});

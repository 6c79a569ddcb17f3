/** Two daemons that share one project with their sandboxes leave nothing in it but what their programs write (F-F7). */
import { chownSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { createNativeRuntime } from '../../../../server/src/runtime/kinds/native/native.ts';
import { need } from '../../../require.ts';
import { create, textOf } from '../../contract/harness.ts';
import { bubblewrap, nativeSubject } from './subject.ts';

describe('a project that two daemons share with their sandboxes', () => {
  before(need('bubblewrap', bubblewrap));

  const everything = (folder: string) => readdirSync(folder, { recursive: true }).map(String).sort();

  it('has in it what was there and what programs wrote, while sandboxes live and when they are gone (F-F7)', async () => {
    const folder = realpathSync(mkdtempSync(join(tmpdir(), 'project-')));
    // Only its owner may enter it, who is not the user that bubblewrap runs as where the daemon is root.
    mkdirSync(join(folder, 'src'));
    for (const name of ['README.md', 'src/main.py', '.env']) writeFileSync(join(folder, name), name);
    if (process.getuid?.() === 0) for (const path of ['', 'src', 'README.md', 'src/main.py', '.env']) chownSync(join(folder, path), 65_534, 65_534);
    const before = everything(folder);
    const daemons = await Promise.all([nativeSubject(createNativeRuntime), nativeSubject(createNativeRuntime)]);
    try {
      const workspace = { path: folder, access: 'readWrite' } as const;
      const sandboxes = await Promise.all([...daemons, ...daemons].map((subject) => create(subject, { workspace })));
      expect(everything(folder)).to.deep.equal(before);
      await Promise.all(sandboxes.map((sandbox, at) => textOf(sandbox, `echo ${at} > written-${at}; cat .env`)));
      const written = sandboxes.map((_, at) => `written-${at}`);
      expect(everything(folder)).to.deep.equal([...before, ...written].sort());
      // One that ends must take nothing away that another one has mounted or made.
      await sandboxes[0]?.close();
      expect(await textOf(sandboxes[1] ?? expect.fail(), 'cat README.md written-0')).to.equal('README.md0\n');
      await Promise.all(sandboxes.map((sandbox) => sandbox.close()));
      expect(everything(folder)).to.deep.equal([...before, ...written].sort());
      for (const name of ['README.md', 'src/main.py', '.env']) expect(readFileSync(join(folder, name), 'utf8')).to.equal(name);
    } finally {
      await Promise.all(daemons.map((subject) => subject.dispose()));
      rmSync(folder, { recursive: true });
    }
  });
});

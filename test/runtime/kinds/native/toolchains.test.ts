/** Toolchains that are installed in a folder of their own, as version managers do, in a native sandbox (T7). */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { expect } from 'chai';
import { createNativeRuntime } from '../../../../server/src/runtime/kinds/native/native.ts';
import { compilers } from '../../../agent/compile.ts';
import { need } from '../../../require.ts';
import { create, textOf } from '../../contract/harness.ts';
import { bubblewrap, type NativeSubject, nativeSubject } from './subject.ts';

describe('a toolchain in a folder of its own', () => {
  before(need('bubblewrap', bubblewrap));
  before(need('the compilers of the agent', compilers));
  let home: string;
  let subject: NativeSubject | undefined;
  beforeEach(() => (home = mkdtempSync('/var/tmp/codebeaker-toolchain-')));
  afterEach(async () => {
    await subject?.dispose();
    subject = undefined;
    rmSync(home, { recursive: true });
  });

  /** Installs a python3 that has its version from a library, which it finds by the path at which it was installed. */
  const install = (folder: string, { built = folder, version = '3.99.7' } = {}) => {
    mkdirSync(join(folder, 'bin'), { recursive: true });
    mkdirSync(join(folder, 'lib'));
    const source = (name: string, text: string) => {
      writeFileSync(join(home, name), text);
      return join(home, name);
    };
    execFileSync('gcc', ['-shared', '-fPIC', '-o', join(folder, 'lib/libversion99.so'), source('lib.c', `const char *version(void) { return "${version}"; }`)]);
    execFileSync('gcc', [
      '-o', join(folder, 'bin/python3'), source('main.c', '#include <stdio.h>\nconst char *version(void);\nint main(void) { printf("Python %s\\n", version()); return 0; }'),
      `-L${join(folder, 'lib')}`, '-lversion99', `-Wl,-rpath,${join(built, 'lib')}`,
    ]);
  };
  const python = async (folder: string): Promise<{ told: string | undefined; runs: string }> => {
    const before = process.env.PATH;
    process.env.PATH = [join(folder, 'bin'), before].join(delimiter);
    try {
      subject = await nativeSubject(createNativeRuntime);
    } finally {
      process.env.PATH = before;
    }
    const told = subject.runtime.info().languages.find(({ id }) => id === 'python');
    const sandbox = await create(subject, { language: 'python' });
    try {
      return { told: told?.version, runs: told ? (await textOf(sandbox, ['python3', '--version'])).trim() : 'refused' };
    } finally {
      await sandbox.close();
    }
  };

  it('is at its own path, so that it finds its own libraries (T7)', async () => {
    const folder = join(home, 'versions/3.99.7');
    install(folder);
    expect(await python(folder)).to.deep.equal({ told: '3.99.7', runs: 'Python 3.99.7' });
  });

  it('is at the path of a link as well, by which it was installed (T7)', async () => {
    mkdirSync(join(home, 'real'));
    symlinkSync(join(home, 'real'), join(home, 'versions'));
    install(join(home, 'real/3.99.7'), { built: join(home, 'versions/3.99.7') });
    expect(await python(join(home, 'versions/3.99.7'))).to.deep.equal({ told: '3.99.7', runs: 'Python 3.99.7' });
  });

  it('that does not start inside a sandbox is not offered (T7)', async () => {
    const folder = join(home, 'versions/3.99.7');
    install(folder, { built: join(home, 'elsewhere') });
    expect(await python(folder)).to.deep.equal({ told: undefined, runs: 'refused' });
  });
});

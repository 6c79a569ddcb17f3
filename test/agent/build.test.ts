/** The program files of the agent that ship are what its sources give, and GCC's analyzer finds nothing in these. */
import { expect } from 'chai';
import { constants, accessSync, cpSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { machines } from '../../server/src/runtime/agent/binary.ts';
import { need } from '../require.ts';
import { agentFolder, builder, compilers, onHost, sources } from './compile.ts';

const MAX_BYTES = 120 * 1024;
const root = fileURLToPath(new URL('../../', import.meta.url));

describe('the program files of the agent', function () {
  this.timeout(120_000);
  let folder = '';
  before(need('what builds the agent', builder));
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'agent-build-'));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const built = (where: string) => machines.map((machine) => readFileSync(join(where, `agent-${machine}`)));

  it('are what build.sh makes of the sources', async () => {
    await onHost('bash', [`${agentFolder}build.sh`, join(folder, 'fresh')]);
    const fresh = built(join(folder, 'fresh'));
    built(`${agentFolder}bin`).forEach((bytes, at) => {
      expect(bytes.equals(fresh[at] as Buffer), `agent-${machines[at]} is not up to date: run server/agent/build.sh`).to.equal(true);
    });
  });

  it('are the same bytes, in whatever folder they are built', async () => {
    const elsewhere = join(folder, 'another checkout');
    cpSync(agentFolder, join(elsewhere, 'server/agent'), { recursive: true });
    symlinkSync(join(root, '.cache'), join(elsewhere, '.cache'));
    await onHost('bash', [join(elsewhere, 'server/agent/build.sh')]);
    expect(built(join(elsewhere, 'server/agent/bin'))).to.deep.equal(built(`${agentFolder}bin`));
  });

  for (const machine of machines) {
    it(`can be executed, are small, and name no folder: ${machine}`, () => {
      const path = `${agentFolder}bin/agent-${machine}`;
      accessSync(path, constants.X_OK);
      expect(statSync(path).size).to.be.below(MAX_BYTES);
      const text = readFileSync(path, 'latin1');
      expect(text.startsWith('\x7fELF')).to.equal(true);
      for (const trace of [root, tmpdir() + '/', '/home/', 'build-id']) expect(text).not.to.contain(trace);
    });
  }
});

describe('the sources of the agent', function () {
  this.timeout(120_000);
  before(need('the compilers of the agent', compilers));

  const analyze = (path: string) =>
    onHost('musl-gcc', [
      '-std=c11', '-O2', '-fanalyzer', '-Wall', '-Wextra', '-Werror', '-Wshadow', '-Wconversion',
      '-idirafter', '/usr/include', '-idirafter', '/usr/include/x86_64-linux-gnu', '-c', path, '-o', '/dev/null',
    ]);

  for (const path of sources) {
    it(`have no fault that GCC's analyzer finds: ${basename(path)}`, () => analyze(path));
  }

  it('would not pass with one', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'agent-wrong-'));
    const path = join(folder, 'wrong.c');
    writeFileSync(path, '#include <stdlib.h>\nchar *f(void);\nchar *f(void) { char *a = malloc(1); free(a); return a; }\n');
    const complaint = await analyze(path).catch((fault: Error) => fault.message);
    rmSync(folder, { recursive: true });
    expect(complaint).to.contain('use-after-free');
  });
});

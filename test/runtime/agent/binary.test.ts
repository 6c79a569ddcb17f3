/** The agent as a program file: which machines have one, and how it gets to where engines can mount it. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { agentFile, hasAgent, installAgent, machines } from '../../../server/src/runtime/agent/binary.ts';

/** As in the header of an ELF file. */
const numbers = { x86_64: 62, aarch64: 183 } as const;

describe('the program file of the agent', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'agents-'))));
  afterEach(() => rmSync(folder, { recursive: true }));

  it('is there for every machine, and for that machine', () => {
    for (const machine of machines) {
      const file = readFileSync(agentFile(machine));
      expect([file.subarray(0, 4).toString('latin1'), file.readUInt16LE(18)]).to.deep.equal(['\x7fELF', numbers[machine]]);
    }
  });

  it('is known to be missing for others', () => {
    expect(['x86_64', 'aarch64', 'riscv64', '', undefined].map((name) => hasAgent(name))).to.deep.equal([true, true, false, false, false]);
  });

  it('is installed once, so that everybody can execute it and nobody can write it', async () => {
    const paths = await Promise.all([1, 2, 3].map(() => installAgent('x86_64', folder)));
    expect(new Set(paths)).to.deep.equal(new Set([join(folder, 'agent-x86_64')]));
    expect(statSync(paths[0] as string).mode & 0o777).to.equal(0o555);
    expect(readFileSync(paths[0] as string).equals(readFileSync(agentFile('x86_64')))).to.equal(true);
    const { ino } = statSync(paths[0] as string);
    await installAgent('x86_64', folder);
    expect([readdirSync(folder), statSync(paths[0] as string).ino]).to.deep.equal([['agent-x86_64'], ino]);
  });
});

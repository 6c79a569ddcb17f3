/** A remembered verdict holds for exactly the file that was tried out. */
import { expect } from 'chai';
import { chmod, copyFile, mkdtemp, realpath, rename, rm, symlink, unlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../../../server/src/base/clock.ts';
import { createLog } from '../../../../server/src/base/log.ts';
import { findDeno } from '../../../../server/src/runtime/kinds/deno/binary.ts';
import { rememberedVerdicts } from '../../../../server/src/runtime/kinds/deno/known.ts';
import type { Known } from '../../../../server/src/runtime/kinds/deno/remembered.ts';
import { createDenoRuntime } from '../../../../server/src/runtime/kinds/deno/runtime.ts';
import { Keeper } from '../../../../server/src/runtime/machine/keeper.ts';
import { need, npmPackage } from '../../../require.ts';

const known: Known = { version: '2.9.0', coldMs: 1, warmMs: 2, memoryBytes: 3, at: 4 };

describe('a verdict on a program', () => {
  let place: string;
  let memory: Map<string, Known>;
  beforeEach(async () => {
    place = await realpath(await mkdtemp(join(tmpdir(), 'verdict-')));
    memory = new Map();
    await writeFile(binary(), 'one', { mode: 0o755 });
  });
  afterEach(() => rm(place, { recursive: true }));

  const binary = () => join(place, 'deno');
  const verdicts = (version = '1') => rememberedVerdicts(memory, version);
  const learn = async () => {
    const before = verdicts();
    expect(await before.get(binary())).to.equal(undefined);
    await before.keep(binary(), known);
  };

  it('holds for the same file', async () => {
    await learn();
    expect(await verdicts().get(binary())).to.deep.equal(known);
  });

  it('does not hold for another version of this program', async () => {
    await learn();
    expect(await verdicts('2').get(binary())).to.equal(undefined);
  });

  const replaced: Record<string, () => Promise<void>> = {
    'other bytes': () => writeFile(binary(), 'two'),
    'other bytes of the same length and age': async () => {
      const old = new Date(0);
      await utimes(binary(), old, old);
      memory.clear();
      await learn();
      await writeFile(binary(), 'two');
      await utimes(binary(), old, old);
    },
    'a copy in its place': async () => {
      await copyFile(binary(), join(place, 'copy'));
      await rename(join(place, 'copy'), binary());
    },
    'a link to another': async () => {
      await writeFile(join(place, 'other'), 'one', { mode: 0o755 });
      await unlink(binary());
      await symlink(join(place, 'other'), binary());
    },
    'other rights': () => chmod(binary(), 0o775),
  };
  for (const [name, replace] of Object.entries(replaced)) {
    it(`does not hold for ${name}`, async () => {
      await learn();
      await replace();
      expect(await verdicts().get(binary())).to.equal(undefined);
    });
  }

  it('is not kept for a file that was replaced while it was tried out', async () => {
    const before = verdicts();
    await before.get(binary());
    await writeFile(binary(), 'two');
    await before.keep(binary(), known);
    expect(memory.size).to.equal(0);
  });
});

describe('the deno runtime with a memory', () => {
  before(need('deno', npmPackage('deno')));

  let place: string;
  let keeper: Keeper;
  let memory: Map<string, Known>;
  before(async () => {
    place = await realpath(await mkdtemp(join(tmpdir(), 'deno-known-')));
    keeper = new Keeper({ process, log: createLog('error', () => undefined) });
  });
  after(async () => {
    await keeper?.close();
    await rm(place, { recursive: true });
  });
  beforeEach(() => (memory = new Map()));

  const look = async (binary: string | undefined) => {
    const runtime = createDenoRuntime({
      keeper, clock: systemClock, log: createLog('error', () => undefined), env: {},
      find: async () => binary,
      verdicts: rememberedVerdicts(memory, '1'),
    });
    const info = await runtime.refresh(new AbortController().signal);
    await runtime.close();
    return info;
  };

  it('tries a file out once, and says when that was', async () => {
    const binary = await findDeno(undefined);
    const first = await look(binary);
    expect([first.available, memory.size]).to.deep.equal([true, 1]);
    // Numbers that nobody measured show whether the verdict is remembered or was found out again.
    const [key, value] = [...memory][0] as [string, Known];
    memory.set(key, { ...value, coldMs: 4711 });
    const second = await look(binary);
    expect(second.startup.coldMs).to.equal(4711);
    expect(second).to.include({ measuredAt: first.measuredAt, version: first.version });
  });

  it('keeps no verdict on a Deno whose permissions do not hold, nor on a script that starts one', async () => {
    const real = await findDeno(undefined);
    const wrappers = {
      loose: `for last; do :; done; [ "$1" = --version ] && exec "${real}" --version; exec "${real}" run -A "$last"`,
      honest: `exec "${real}" "$@"`,
    };
    for (const [name, script] of Object.entries(wrappers)) {
      const path = join(place, name);
      await writeFile(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
      expect((await look(path)).available, name).to.equal(name === 'honest');
      expect(memory.size, name).to.equal(0);
    }
  });
});

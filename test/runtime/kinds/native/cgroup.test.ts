/** Control groups in an ordinary folder in the place of the kernel's. */
import { expect } from 'chai';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ControlGroups, counting } from '../../../../server/src/runtime/kinds/native/cgroup.ts';
import type { Controller } from '../../../../server/src/runtime/kinds/native/hierarchies.ts';
import { Weight } from '../../../../server/src/runtime/kinds/native/weight.ts';
import { FakeClock } from '../../../fakes/clock.ts';

const limits = { memoryBytes: 1, cpus: 1.5, pids: 1 };

describe('the weight of all sandboxes', () => {
  let mount: string;
  beforeEach(() => (mount = mkdtempSync(join(tmpdir(), 'groups-'))));
  afterEach(() => rmSync(mount, { recursive: true }));

  const open = (...controllers: Controller[]) => ControlGroups.open('ours', new FakeClock(), () => undefined, [{ version: 1, mount, current: mount, controllers }]);
  const text = (...path: string[]) => readFileSync(join(mount, ...path), 'utf8');

  it('is the usual one for a few, less for many, and never less than a quarter', async () => {
    const groups = await open('cpu');
    const seen: string[] = [];
    for (let count = 1; count <= 50; count++) {
      await groups.create(`sandbox-${count}`, limits);
      if ([1, 4, 5, 8, 16, 32, 50].includes(count)) seen.push(text('ours', 'cpu.shares'));
    }
    expect(seen).to.deep.equal(['1024', '1024', '819', '512', '256', '256', '256']);
  });

  it('rises again as they are removed, once for each', async () => {
    const groups = await open('cpu');
    const made = await Promise.all(Array.from({ length: 10 }, (_, nth) => groups.create(String(nth), limits)));
    expect(text('ours', 'cpu.shares')).to.equal('410');
    // The kernel removes the files of a group with it.
    rmSync(join(mount, 'ours', '0'), { recursive: true });
    rmSync(join(mount, 'ours', '1'), { recursive: true });
    await Promise.all([made[0]?.remove(), made[1]?.remove()]);
    await made[1]?.remove();
    expect(text('ours', 'cpu.shares')).to.equal('512');
  });

  it('is set for their common group only: each sandbox has limits and no weight', async () => {
    const groups = await open('cpu');
    await groups.create('one', limits);
    expect([text('ours', 'one', 'cpu.cfs_quota_us'), existsSync(join(mount, 'ours', 'one', 'cpu.shares'))]).to.deep.equal(['150000', false]);
  });

  it('is not set where no group has to do with the processor', async () => {
    const groups = await open('memory');
    await groups.create('one', limits);
    expect(existsSync(join(mount, 'ours', 'cpu.shares'))).to.equal(false);
  });

  it('is set in the units of version 2, where that is used', async () => {
    const weight = new Weight({ version: 2, folder: mount });
    await Promise.all(Array.from({ length: 8 }, () => weight.add()));
    expect(text('cpu.weight')).to.equal('50');
  });
});

describe('the processor time of a group', () => {
  const told: Record<string, [version: 1 | 2, file: string, text: string]> = {
    'version 1': [1, 'cpuacct.usage', '1234567890\n'],
    'version 2': [2, 'cpu.stat', 'usage_usec 1234567\nuser_usec 1\nsystem_usec 2\n'],
  };
  for (const [name, [version, file, text]] of Object.entries(told)) {
    it(`is a number of milliseconds: ${name}`, async () => {
      const folder = mkdtempSync(join(tmpdir(), 'groups-'));
      mkdirSync(join(folder, 'one'));
      writeFileSync(join(folder, 'one', file), text);
      expect(Math.round(await counting({ version, folder }, 'one')())).to.equal(1235);
      rmSync(folder, { recursive: true });
    });
  }
});

describe('the groups of a daemon', () => {
  it('are announced before they are made, so that whoever removes them after its death knows them (K14)', async () => {
    const mount = mkdtempSync(join(tmpdir(), 'groups-'));
    const announced: [string, boolean][] = [];
    const groups = await ControlGroups.open('ours', new FakeClock(), (folder) => void announced.push([folder, existsSync(folder)]), [
      { version: 1, mount, current: mount, controllers: ['memory'] },
    ]);
    expect(announced).to.deep.equal([[join(mount, 'ours'), false]]);
    expect(groups.folders).to.deep.equal([join(mount, 'ours')]);
    rmSync(mount, { recursive: true });
  });
});

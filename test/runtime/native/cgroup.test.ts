/** Control groups, over a folder that looks like the kernel's. */
import { expect } from 'chai';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ControlGroups } from '../../../server/src/runtime/native/cgroup.ts';
import { type Controller } from '../../../server/src/runtime/native/hierarchies.ts';
import { FakeClock } from '../../fakes/clock.ts';

describe('the group of all sandboxes', () => {
  let mount: string;
  beforeEach(() => (mount = mkdtempSync(join(tmpdir(), 'groups-'))));
  afterEach(() => rmSync(mount, { recursive: true }));

  const open = (...controllers: Controller[]) => ControlGroups.open('ours', new FakeClock(), [{ version: 1, mount, current: mount, controllers }]);
  const text = (...path: string[]) => readFileSync(join(mount, 'ours', ...path), 'utf8');

  it('weighs half of what is usual; a sandbox in it weighs what others in it do, and keeps its limit', async () => {
    const groups = await open('cpu');
    await groups.create('one', { memoryBytes: 1, cpus: 1.5, pids: 1 });
    expect([text('cpu.shares'), text('one', 'cpu.cfs_quota_us'), existsSync(join(mount, 'ours', 'one', 'cpu.shares'))]).to.deep.equal(['512', '150000', false]);
  });

  it('has no weight where it has no processors to share', async () => {
    await open('memory');
    expect(existsSync(join(mount, 'ours', 'cpu.shares'))).to.equal(false);
  });
});

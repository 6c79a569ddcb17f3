/** Each layer of a native sandbox as a program finds it in the kernel, beside what the host has. */
import { chmodSync, mkdtempSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { need } from '../../../require.ts';
import { create, run, textOf, useSandbox } from '../../contract/harness.ts';
import { bubblewrap, native } from './subject.ts';

/** A group of every Debian. */
const ADM = 4;

describe('a program in a native sandbox', () => {
  before(need('bubblewrap', bubblewrap));
  // The daemon has a group that opens files of the system. Its sandboxes don't.
  const root = process.getuid?.() === 0;
  const groups = process.getgroups?.() ?? [];
  before(() => root && process.setgroups?.([...groups, ADM]));
  after(() => root && process.setgroups?.(groups));
  const held = useSandbox(native);

  for (const kind of ['ipc', 'mnt', 'net', 'pid', 'uts']) {
    it(`has a namespace of its own: ${kind}`, async () => {
      const own = (await textOf(held.sandbox, `readlink /proc/self/ns/${kind}`)).trim();
      expect(own).to.match(/^\w+:\[\d+\]$/);
      expect(own).not.to.equal(readlinkSync(`/proc/self/ns/${kind}`));
    });
  }

  it('sees neither the name of the host nor its processes', async () => {
    expect(await textOf(held.sandbox, 'cat /proc/sys/kernel/hostname')).to.equal('sandbox\n').and.not.equal(`${hostname()}\n`);
    expect((await textOf(held.sandbox, 'cat /proc/1/comm')).trim()).to.equal('agent');
  });

  it('is nobody, in no group but its own, without any capability and any way to one', async () => {
    const status = Object.fromEntries((await textOf(held.sandbox, 'cat /proc/self/status')).split('\n').map((line) => line.split(/:\s*/, 2))) as Record<string, string>;
    expect([status.Uid, status.Gid].map((ids) => [...new Set(ids?.split('\t'))])).to.deep.equal([['65534'], ['65534']]);
    expect([...new Set(status.Groups?.trim().split(' ').filter(Boolean))].filter((group) => group !== '65534')).to.deep.equal([]);
    const none = '0'.repeat(16);
    for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb']) expect(status[set], set).to.equal(none);
    expect([status.NoNewPrivs, status.Seccomp]).to.deep.equal(['1', '2']);
  });

  it('may open so many files, and leaves no core file', async () => {
    expect(await textOf(held.sandbox, 'ulimit -Sn; ulimit -Hn; ulimit -Sc; ulimit -Hc')).to.equal('4096\n4096\n0\n0\n');
  });

  it('can write nowhere but in file systems that have a size', async () => {
    const mounts = (await textOf(held.sandbox, 'cat /proc/self/mounts')).trim().split('\n').map((line) => line.split(' '));
    const written = mounts.filter(([, , , options]) => options?.split(',').includes('rw')).filter(([, , type]) => !/^(?:proc|devpts|mqueue)$/.test(type ?? ''));
    // The nodes of /dev are those of the host: what is written into them is kept nowhere.
    const places = written.filter(([, place]) => !/^\/dev\/(?:null|zero|full|random|urandom|tty)$/.test(place ?? ''));
    expect(places.map(([, place]) => place).sort()).to.deep.equal(['/dev/shm', '/tmp', '/workspace']);
    for (const [, place, type, options] of places) expect([type, /\bsize=\d+k?\b/.test(options ?? '')], place).to.deep.equal(['tmpfs', true]);
    for (const place of ['/', '/usr', '/usr/bin', '/etc', '/dev', '/proc', '/proc/sys/kernel', '/.codebeaker']) {
      expect((await run(held.sandbox, `: >${place}/planted`)).exit, place).not.to.deep.include({ code: 0 });
    }
  });

  it('has no variable but those that every program gets', async () => {
    const names = (await textOf(held.sandbox, ['env'])).trim().split('\n').map((line) => line.split('=')[0]);
    expect(names.sort()).to.deep.equal(['HOME', 'LANG', 'PATH', 'PWD', 'TMPDIR']);
  });

  it('can not write in a folder that may only be read', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'folder-'));
    chmodSync(folder, 0o777);
    const sandbox = await create(held.subject, { workspace: { path: folder, access: 'readOnly' } });
    try {
      expect((await run(sandbox, ': >/workspace/planted')).exit).not.to.deep.include({ code: 0 });
      expect(readdirSync(folder)).to.deep.equal([]);
    } finally {
      await sandbox.close();
      rmSync(folder, { recursive: true });
    }
  });
});

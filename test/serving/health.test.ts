/** `server/health`: each check fails with a reason, and heals when the reason is gone. */
import { expect } from 'chai';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FolderChecks } from '../../server/src/serving/health/folders.ts';
import { Health, type HealthParts } from '../../server/src/serving/health/health.ts';
import type { HealthResult } from '../../server/src/protocol/index.ts';
import { EventStream } from '../../server/src/events/events.ts';
import { FakeClock } from '../fakes/clock.ts';
import { recordingLog } from '../wire/server.ts';
import { type TestDaemon, withDaemon } from './daemon.ts';

const check = async (daemon: TestDaemon, name: string) => {
  const { status, checks } = (await daemon.result('server/health')) as HealthResult;
  return [status, checks.find((each) => each.name === name)] as const;
};

function healthOf(parts: Partial<HealthParts>): Health {
  return new Health({
    clock: new FakeClock(), events: new EventStream(recordingLog([])), startedAt: 0, configured: { required: [], named: [] },
    runtimes: () => [{ id: 'fake', available: true, languages: [], isolation: { score: 9, layers: [] }, startup: { coldMs: 1, warmMs: 1, measured: false }, memoryBytes: 0 }],
    folders: async () => [], pool: () => undefined, sessions: () => 0, loop: () => ({ p50: 0, p99: 0, max: 0 }), draining: () => false, ...parts,
  });
}

describe('the health of a daemon', () => {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'codebeaker-test-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('is degraded while a runtime is gone that was used, and then ok again', () =>
    withDaemon({ others: [{ id: 'other' }] }, async (daemon) => {
      await daemon.initialize();
      daemon.runtime.reason = 'stopped';
      expect(await check(daemon, 'runtime.fake')).to.deep.equal(['ok', { name: 'runtime.fake', status: 'off', detail: 'stopped' }]);
      daemon.runtime.reason = undefined;
      await daemon.session({ runtime: 'fake' });
      daemon.runtime.reason = 'stopped';
      expect(await check(daemon, 'runtime.fake')).to.deep.equal(['degraded', { name: 'runtime.fake', status: 'degraded', detail: 'it is configured or was used, and is not available: stopped' }]);
      daemon.runtime.reason = undefined;
      expect(await check(daemon, 'runtime.fake')).to.deep.equal(['ok', { name: 'runtime.fake', status: 'ok' }]);
    }));

  for (const configured of [{ required: ['fake'], named: [] }, { required: [], named: ['fake'] }]) {
    it(`is degraded while a runtime is gone that is configured (${JSON.stringify(configured)})`, () =>
      withDaemon({ others: [{ id: 'other' }], configured }, async (daemon) => {
        await daemon.initialize();
        daemon.runtime.reason = 'stopped';
        expect((await check(daemon, 'runtime.fake'))[0]).to.equal('degraded');
      }));
  }

  it('is degraded without a runtime that is required, and not without one that is only named and was never there', () => {
    const none = { id: 'absent', available: false, reason: 'not installed', languages: [], isolation: { score: 9, layers: [] }, startup: { coldMs: 1, warmMs: 1, measured: false }, memoryBytes: 0 };
    const statuses = [{ required: ['absent'], named: [] }, { required: [], named: ['absent'] }].map(async (configured) => (await healthOf({ configured, runtimes: () => [none, { ...none, id: 'fake', available: true }] }).look()).status);
    return Promise.all(statuses).then((all) => expect(all).to.deep.equal(['degraded', 'ok']));
  });

  it('is degraded while a folder of the daemon is deleted, and then ok again', () =>
    withDaemon({ folders: async () => [{ name: 'state', path: join(folder, 'state') }] }, async (daemon) => {
      await daemon.initialize();
      expect((await check(daemon, 'folder.state'))[1]?.status, 'a folder that was never there').to.equal('ok');
      await mkdir(join(folder, 'state'));
      expect((await check(daemon, 'folder.state'))[1]?.detail).to.match(/^\d+ MiB free$/);
      await rm(join(folder, 'state'), { recursive: true });
      expect(await check(daemon, 'folder.state')).to.deep.equal(['degraded', { name: 'folder.state', status: 'degraded', detail: 'the folder in which the daemon keeps its state was deleted; it is made again when there is something to keep' }]);
      await mkdir(join(folder, 'state'));
      expect((await check(daemon, 'folder.state'))[0]).to.equal('ok');
    }));

  it('is degraded while a folder of the daemon is a file, or behind one', async () => {
    const folders = new FolderChecks();
    const path = join(folder, 'file');
    await writeFile(path, '');
    expect(await folders.check({ name: 'packages', path })).to.deep.equal({ name: 'folder.packages', status: 'degraded', detail: 'the folder of installed packages is no folder' });
    expect((await folders.check({ name: 'daemon', path: join(path, 'below') })).detail).to.equal("the folder of this daemon for its sandboxes can't be used (ENOTDIR)");
    await rm(path);
    await mkdir(path);
    await chmod(path, 0o700);
    expect((await folders.check({ name: 'packages', path })).status).to.equal('ok');
  });

  describe('with parts of a test', () => {
    it('is degraded while no sandbox can be prepared in advance', async () => {
      let failing = ['docker'];
      const health = healthOf({ pool: () => ({ waiting: 2, failing }) });
      expect(await health.ready()).to.deep.equal({ ok: false, reasons: ['pool: no sandbox could be prepared in advance for docker; it is tried again every minute'] });
      failing = [];
      expect(await health.ready()).to.deep.equal({ ok: true, reasons: [] });
      expect((await health.look()).checks).to.deep.include({ name: 'pool', status: 'ok', detail: '2 waiting' });
    });

    it('is degraded while the event loop is late', async () => {
      let p50 = 400.4;
      const health = healthOf({ loop: () => ({ p50, p99: 1000, max: 1000 }) });
      expect(await health.ready()).to.deep.equal({ ok: false, reasons: ['eventLoop: the daemon is 400 ms late: the machine is overloaded'] });
      p50 = 1;
      expect((await health.ready()).ok).to.equal(true);
    });

    it('is not ready without a runtime, and says so', async () => {
      expect(await healthOf({ runtimes: () => [] }).ready()).to.deep.equal({ ok: false, reasons: ['no runtime is available'] });
    });
  });
});

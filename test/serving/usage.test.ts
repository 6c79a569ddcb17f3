/** `usage/get`: how much was used, what it costs, and how much is left of the quotas. */
import { expect } from 'chai';
import type { Clock } from '../../server/src/base/clock.ts';
import { countOpenSessions } from '../../server/src/cli/open-sessions.ts';
import type { Config } from '../../server/src/protocol/index.ts';
import { temporaryFolder } from '../policy/folder.ts';
import { recordingLog } from '../wire/server.ts';
import { type TestDaemon, withDaemon } from './daemon.ts';

const GiB = 2 ** 30;
const prices = { currency: 'EUR', cpuSecond: 0.001, gibSecond: 0.01, command: 0.5, networkGib: 2 };

describe('usage/get', () => {
  const folder = temporaryFolder();

  const within = (config: Config, test: (daemon: TestDaemon) => Promise<void>) =>
    withDaemon({ config, usageFolder: folder() }, async (daemon) => {
      await daemon.initialize();
      await test(daemon);
    });

  const work = async (daemon: TestDaemon, sessionId: string) => {
    const running = daemon.result('command/executeShell', { sessionId, command: `flood 1000\nsleep 2000\nused 1500 ${GiB}` });
    await daemon.server.clock.advance(2000);
    await running;
  };

  it('tells what a session has used, with its cost by the prices of the configuration', () =>
    within({ prices }, async (daemon) => {
      const sessionId = await daemon.session();
      await work(daemon, sessionId);
      expect(await daemon.result('usage/get', { sessionId })).to.deep.equal({
        cpuSeconds: 1.5, memoryGiBSeconds: 2, commands: 1, estimatedCost: { amount: 0.5215, currency: 'EUR' }, outputBytes: 1000, networkBytes: 0, sessions: 1, quotas: [],
      });
    }));

  it('tells what everything together has used, from the first day on, and today', () =>
    within({ quotas: { perDay: { commands: 10 } } }, async (daemon) => {
      await work(daemon, await daemon.session());
      await work(daemon, await daemon.session());
      const used = { cpuSeconds: 3, memoryGiBSeconds: 4, commands: 2, estimatedCost: { amount: 0, currency: 'USD' }, outputBytes: 2000, networkBytes: 0, sessions: 2 };
      const result = await daemon.result('usage/get');
      expect(result).to.deep.include({ ...used, today: used });
      expect(result.since).to.match(/^\d{4}-\d\d-\d\d$/);
      expect(result.quotas).to.have.lengthOf(1);
      expect(result.quotas[0]).to.include({ quota: 'perDay.commands', limit: 10, used: 2 });
    }));

  it('still knows it when the daemon has ended and another one has begun, and quotas go on', async () => {
    const config = { quotas: { perDay: { commands: 2 } } };
    await within(config, async (daemon) => work(daemon, await daemon.session()));
    await within(config, async (daemon) => {
      const sessionId = await daemon.session();
      expect((await daemon.result('usage/get')).today).to.include({ commands: 1, sessions: 2, cpuSeconds: 1.5, outputBytes: 1000 });
      await work(daemon, sessionId);
      expect((await daemon.fault('command/executeShell', { sessionId, command: 'echo 1' })).data).to.include({ quota: 'perDay.commands', used: 2 });
    });
  });

  it('tells how many sessions are open in all daemons, of which none may open more than the quota', async () => {
    const options = { config: { quotas: { sessions: 2 } }, openSessions: (clock: Clock) => countOpenSessions(folder(), clock, recordingLog([])) };
    const open = (test: (daemon: TestDaemon) => Promise<void>) => withDaemon(options, async (daemon) => {
      await daemon.initialize();
      await test(daemon);
    });
    await open(async (one) => {
      await open(async (two) => {
        const first = await one.session();
        await two.session();
        const { message, data } = await one.fault('session/create', { language: 'python' });
        expect(data).to.deep.equal({ kind: 'QuotaExceeded', quota: 'sessions', limit: 2, used: 2 });
        expect(message).to.equal('the quota sessions is used up (2 of 2): close a session, also of another editor or command line, or raise quotas.sessions in the configuration file');
        expect((await two.result('usage/get')).quotas).to.deep.equal([{ quota: 'sessions', limit: 2, used: 2 }]);
        await one.result('session/close', { sessionId: first });
        await two.session();
      });
      await one.session();
      await one.session();
    });
  });

  it('tells of no session that is not the client\'s', () =>
    within({}, async (daemon) => {
      expect((await daemon.fault('usage/get', { sessionId: 'none' })).data.kind).to.equal('SessionNotFound');
    }));
});

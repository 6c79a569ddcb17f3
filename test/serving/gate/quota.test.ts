/** Quotas: what is known before is refused before, and what runs is cut where the quota ends. */
import { expect } from 'chai';
import type { Config } from '../../../server/src/protocol/index.ts';
import type { Json } from '../../wire/wire.ts';
import { type TestDaemon, withDaemon } from '../daemon.ts';

const within = (quotas: Config['quotas'], test: (daemon: TestDaemon, sessionId: string) => Promise<void>) =>
  withDaemon({ config: { quotas } }, async (daemon) => {
    await daemon.initialize();
    await test(daemon, await daemon.session());
  });

const GiB = 2 ** 30;

describe('the step of the gate for quotas', () => {
  it('takes on exactly as many commands as a session may have, also if they come at once', () =>
    within({ perSession: { commands: 3 } }, async (daemon, sessionId) => {
      const run = () => daemon.ask('command/executeShell', { sessionId, command: 'echo 1' });
      const answers = await Promise.all([run(), run(), run(), run(), run()]);
      expect(answers.map(({ error }) => error?.code)).to.deep.equal([undefined, undefined, undefined, 1031, 1031]);
      expect(answers[3]?.error?.data).to.deep.equal({ kind: 'QuotaExceeded', quota: 'perSession.commands', limit: 3, used: 3 });
      expect(answers[3]?.error?.message).to.equal('the quota perSession.commands is used up (3 of 3): create a new session, or raise quotas.perSession.commands in the configuration file');
      const other = await daemon.session();
      await daemon.result('command/runCode', { sessionId: other, code: 'echo 1' });
    }));

  it('counts all sessions of a day together, and begins anew at midnight', () =>
    within({ perDay: { commands: 2 } }, async (daemon, sessionId) => {
      const other = await daemon.session();
      await daemon.result('command/executeShell', { sessionId, command: 'echo 1' });
      await daemon.result('command/executeShell', { sessionId: other, command: 'echo 1' });
      const { code, data } = await daemon.fault('command/executeShell', { sessionId, command: 'echo 1' });
      const { clock } = daemon.server;
      const midnight = new Date(clock.now());
      midnight.setHours(24, 0, 0, 0);
      expect([code, data]).to.deep.equal([1031, { kind: 'QuotaExceeded', quota: 'perDay.commands', limit: 2, used: 2, resetsAt: midnight.toISOString() }]);
      expect((await daemon.fault('session/create', { language: 'python' })).data.quota).to.equal('perDay.commands');
      await clock.advance(midnight.getTime() - clock.now() - 1);
      expect((await daemon.fault('session/create', { language: 'python' })).data.quota).to.equal('perDay.commands');
      await clock.advance(1);
      await daemon.result('command/executeShell', { sessionId: await daemon.session(), command: 'echo 1' });
    }));

  it('refuses a session that could run nothing, and lets questions pass', () =>
    withDaemon({ config: { quotas: { perDay: { commands: 0 } } } }, async (daemon) => {
      await daemon.initialize();
      expect((await daemon.fault('session/create', { language: 'python' })).data).to.include({ quota: 'perDay.commands', limit: 0, used: 0 });
      await daemon.result('session/list');
      await daemon.result('usage/get');
    }));

  it('lets file commands pass when everything is used up', () =>
    within({ perSession: { outputBytes: 0 } }, async (daemon, sessionId) => {
      expect((await daemon.fault('command/executeShell', { sessionId, command: 'echo 1' })).data.quota).to.equal('perSession.outputBytes');
      await daemon.result('command/writeFile', { sessionId, path: 'a', content: '' });
    }));

  const limits: Record<string, [quota: object, command: string, used: number]> = {
    'processor time': [{ cpuSeconds: 2 }, 'used 1500 0', 3],
    'memory over time': [{ gibSeconds: 1 }, `sleep 1500\nused 1 ${GiB / 2}`, 1.5],
  };
  for (const [what, [perSession, command, used]] of Object.entries(limits)) {
    it(`refuses a command when ${what} is used up, and not before`, () =>
      within({ perSession }, async (daemon, sessionId) => {
        for (let turn = 0; turn < 2; turn++) {
          const running = daemon.result('command/executeShell', { sessionId, command });
          await daemon.server.clock.advance(1500);
          await running;
        }
        const { data } = await daemon.fault('command/executeShell', { sessionId, command });
        expect(data).to.include({ quota: `perSession.${Object.keys(perSession)[0]}`, used });
      }));
  }

  it('does not count a command for a session that does not exist', () =>
    within({ perDay: { commands: 1 } }, async (daemon, sessionId) => {
      expect((await daemon.fault('command/executeShell', { sessionId: 'none', command: 'echo 1' })).data.kind).to.equal('SessionNotFound');
      await daemon.result('command/executeShell', { sessionId, command: 'echo 1' });
    }));

  it('is told of in the report of each session, with what is used', () =>
    within({ perDay: { outputBytes: 10 }, perSession: { commands: 3 } }, async (daemon, sessionId) => {
      await daemon.result('command/executeShell', { sessionId, command: 'echo 1' });
      const created = await daemon.result('session/create', { language: 'python' });
      const { sessions } = await daemon.result('session/list');
      const { resetsAt } = created.quotas[0];
      const quotas = (commands: number) => [{ quota: 'perDay.outputBytes', limit: 10, used: 2, resetsAt }, { quota: 'perSession.commands', limit: 3, used: commands }];
      expect([created, ...sessions].map((session: { quotas: unknown }) => session.quotas)).to.deep.equal([quotas(0), quotas(1), quotas(0)]);
    }));

  it('counts every command once, for usage/get', () =>
    within(undefined, async (daemon, sessionId) => {
      await daemon.result('command/executeShell', { sessionId, command: 'echo 1' });
      await daemon.result('session/execute', { sessionId, command: { type: 'runCode', code: 'echo 1' } });
      await daemon.result('command/writeFile', { sessionId, path: 'a', content: '' });
      expect(await daemon.result('usage/get', { sessionId })).to.include({ commands: 2, sessions: 1 });
    }));
});

describe('the processor time of commands', () => {
  const forever = (daemon: TestDaemon, sessionId: string) => daemon.result('command/executeShell', { sessionId, command: 'forever' });

  it('is looked at while they run, and ends them when the quota is used up', () =>
    within({ perSession: { cpuSeconds: 10 } }, async (daemon, sessionId) => {
      const { clock } = daemon.server;
      let over = false;
      const running = forever(daemon, sessionId).finally(() => (over = true));
      await clock.advance(9_999);
      daemon.sandbox.cpu = 3_000;
      await clock.advance(1);
      expect(over, 'with 7 s left').to.equal(false);
      daemon.sandbox.cpu = 10_000;
      await clock.advance(6_999);
      expect(over, 'before it can be used up').to.equal(false);
      await clock.advance(1);
      await clock.advance(300);
      expect(await running).to.include({ outcome: 'timedOut', quota: 'perSession.cpuSeconds' });
    }));

  it('does not matter where a program only waits, however long it does', () =>
    within({ perSession: { cpuSeconds: 1 } }, async (daemon, sessionId) => {
      const running = daemon.result('command/executeShell', { sessionId, command: 'sleep 60000' });
      await daemon.server.clock.advance(60_000);
      expect((await running).outcome).to.equal('exited');
    }));

  it('is looked at between commands where the sandbox can not tell it, and the session says so', () =>
    withDaemon({ config: { quotas: { perDay: { cpuSeconds: 9, commands: 9 }, perSession: { cpuSeconds: 1 } } }, tellsCpuTime: false }, async (daemon) => {
      await daemon.initialize();
      const { sessionId, quotas } = await daemon.result('session/create', { language: 'python' });
      expect(quotas.map(({ quota, betweenCommands }: Json) => [quota, betweenCommands])).to.deep.equal([['perDay.commands', undefined], ['perDay.cpuSeconds', true], ['perSession.cpuSeconds', true]]);
      expect((await daemon.result('usage/get', { sessionId })).quotas.at(-1)).to.deep.equal({ quota: 'perSession.cpuSeconds', limit: 1, used: 0, betweenCommands: true });
      const running = daemon.result('command/executeShell', { sessionId, command: 'sleep 5000\nused 4000 1' });
      await daemon.server.clock.advance(5_000);
      expect((await running).outcome).to.equal('exited');
      expect((await daemon.fault('command/executeShell', { sessionId, command: 'echo 1' })).data).to.deep.equal({ kind: 'QuotaExceeded', quota: 'perSession.cpuSeconds', limit: 1, used: 4 });
    }));

  it('is looked at as if a sandbox had many processors where nothing limits them', () =>
    withDaemon({ config: { quotas: { perSession: { cpuSeconds: 64 } } }, isolation: { score: 4, layers: [{ name: 'cpu', state: 'off' }] } }, async (daemon) => {
      await daemon.initialize();
      const running = forever(daemon, await daemon.session());
      await daemon.server.clock.advance(999);
      daemon.sandbox.cpu = 64_000;
      await daemon.server.clock.advance(1);
      await daemon.server.clock.advance(300);
      expect(await running).to.include({ outcome: 'timedOut', quota: 'perSession.cpuSeconds' });
    }));

  it('comes to an end earlier where other sessions use up the quota of the day', () =>
    within({ perDay: { cpuSeconds: 10 } }, async (daemon, sessionId) => {
      const running = forever(daemon, sessionId);
      const other = await daemon.session();
      await daemon.result('command/executeShell', { sessionId: other, command: 'used 10000 1' });
      await daemon.server.clock.advance(10_000);
      await daemon.server.clock.advance(300);
      expect(await running).to.include({ outcome: 'timedOut', quota: 'perDay.cpuSeconds' });
    }));
});

describe('the output of commands', () => {
  const flood = (daemon: TestDaemon, sessionId: string, bytes: number) => daemon.result('command/executeShell', { sessionId, command: `flood ${bytes}` });

  it('is cut exactly where the quota of a session ends, and the result names the quota', () =>
    within({ perSession: { outputBytes: 100_000 } }, async (daemon, sessionId) => {
      expect(await flood(daemon, sessionId, 30_000)).to.include({ outcome: 'exited', stdoutBytes: 30_000 }).and.not.to.have.property('quota');
      expect(await flood(daemon, sessionId, 200_000)).to.include({ outcome: 'outputLimit', stdoutBytes: 70_000, truncated: true, quota: 'perSession.outputBytes' });
      expect((await daemon.fault('command/executeShell', { sessionId, command: 'echo 1' })).data).to.include({ quota: 'perSession.outputBytes', limit: 100_000, used: 100_000 });
    }));

  it('of commands that run side by side comes to the quota together', () =>
    within({ perDay: { outputBytes: 1_000_000 } }, async (daemon, sessionId) => {
      const other = await daemon.session();
      const results = await Promise.all([flood(daemon, sessionId, 800_000), flood(daemon, other, 800_000)]);
      expect(results.map(({ quota }) => quota)).to.include('perDay.outputBytes');
      expect(results.reduce((sum, { stdoutBytes }) => sum + stdoutBytes, 0)).to.equal(1_000_000);
    }));

  it('that reaches the limit of the session first names no quota', () =>
    within({ perSession: { outputBytes: 100_000 } }, async (daemon) => {
      const sessionId = await daemon.session({ limits: { outputBytes: 1000 } });
      expect(await flood(daemon, sessionId, 2000)).to.include({ outcome: 'outputLimit', stdoutBytes: 1000 }).and.not.to.have.property('quota');
    }));
});

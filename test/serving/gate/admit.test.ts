/** Rates: calls that come too often are refused, and get through when they come again after the time that they were told. */
import { expect } from 'chai';
import { createPolicy } from '../../../server/src/policy/policy.ts';
import type { Config } from '../../../server/src/protocol/index.ts';
import { notification } from '../../wire/wire.ts';
import { type TestDaemon, withDaemon } from '../daemon.ts';

const within = (config: Config, test: (daemon: TestDaemon, sessionId: string) => Promise<void>) =>
  withDaemon({ config }, async (daemon) => {
    await daemon.initialize();
    await test(daemon, await daemon.session());
  });

describe('the step of the gate for rates', () => {
  const rates = { 'command/executeShell': { perMinute: 60, burst: 2 }, 'session/list': { perMinute: 7, burst: 1 } };

  it('lets a burst pass and refuses what comes after it with RateLimited (1030)', () =>
    within({ rates }, async (daemon, sessionId) => {
      const run = () => daemon.ask('command/executeShell', { sessionId, command: 'echo 1' });
      const answers = await Promise.all([run(), run(), run()]);
      expect(answers.map(({ error }) => error?.code)).to.deep.equal([undefined, undefined, 1030]);
      expect(answers[2]?.error?.data).to.deep.equal({ kind: 'RateLimited', method: 'command/executeShell', perMinute: 60, retryAfterMs: 1001 });
      expect(answers[2]?.error?.message).to.equal('command/executeShell was called more than 60 times a minute on this connection; try again in 1001 ms, or raise rates in the configuration file');
    }));

  it('lets a client through that waits as long as it was told', () =>
    within({ rates }, async (daemon) => {
      await daemon.result('session/list');
      for (let turn = 0; turn < 20; turn++) {
        const { data } = await daemon.fault('session/list');
        await daemon.server.clock.advance(data.retryAfterMs - 2);
        expect((await daemon.fault('session/list')).code, `turn ${turn}`).to.equal(1030);
        await daemon.server.clock.advance(2);
        await daemon.result('session/list');
      }
    }));

  it('counts a command that comes as session/execute as the method that it stands for', () =>
    within({ rates }, async (daemon, sessionId) => {
      const run = () => daemon.ask('session/execute', { sessionId, command: { type: 'executeShell', command: 'echo 1' } });
      expect((await Promise.all([run(), run(), run()])).map(({ error }) => error?.code)).to.deep.equal([undefined, undefined, 1030]);
    }));

  it('leaves other methods alone, and what ends or belongs to what runs', () =>
    within({ rates }, async (daemon, sessionId) => {
      const running = daemon.ask('command/executeShell', { sessionId, command: 'forever', commandId: 'c', interactive: true });
      await daemon.ask('command/executeShell', { sessionId, command: 'echo 1' });
      expect((await daemon.fault('command/executeShell', { sessionId, command: 'echo 1' })).code).to.equal(1030);
      for (let turn = 0; turn < 100; turn++) {
        daemon.wire.send(notification('command/input', { commandId: 'c', data: 'x' }));
        daemon.wire.send(notification('command/ack', { commandId: 'c', seq: 0 }));
        await daemon.result('server/health');
      }
      await daemon.result('command/signal', { commandId: 'c', signal: 'SIGINT' });
      expect((await running).result.outcome).to.equal('signaled');
      await daemon.result('session/close', { sessionId });
    }));

  it('lets a client narrow the rates and not raise them', () =>
    withDaemon({ config: { rates: { 'session/list': { perMinute: 5 }, 'runtime/list': { perMinute: 5 } } } }, async (daemon) => {
      await daemon.initialize({ initializationOptions: { rates: { 'session/list': { perMinute: 50 }, 'runtime/list': { perMinute: 2 } } } });
      const passed = async (method: string) => {
        const answers = await Promise.all(Array.from({ length: 10 }, () => daemon.ask(method)));
        return answers.filter(({ error }) => !error).length;
      };
      expect([await passed('session/list'), await passed('runtime/list')]).to.deep.equal([5, 2]);
    }));

  it('has defaults that a client does not reach who runs 1,000 programs a second', () => {
    const { rates: defaults } = createPolicy({});
    for (const name of ['command/executeShell', 'command/runCode']) expect(defaults[name]?.perMinute, name).to.be.at.least(60_000);
    expect(Object.keys(defaults)).not.to.include.members(['command/writeFile', 'command/readFile']);
  });
});

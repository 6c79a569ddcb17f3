/** A daemon whose configuration is read again while clients are connected: what narrows holds for all sessions, what widens for new ones. */
import { expect } from 'chai';
import type { Config } from '../../server/src/protocol/index.ts';
import { FakeScanner } from '../fakes/scanner.ts';
import { withDaemon } from './daemon.ts';
import { withGuests } from './guests.ts';

const MiB = 1024 * 1024;
const limits = { memoryBytes: 512 * MiB, cpus: 1, pids: 256, diskBytes: 256 * MiB, outputBytes: 16 * MiB, timeoutMs: 600_000 };

describe('a configuration that is read again', () => {
  it('holds the sessions that are open to lower limits', () =>
    withDaemon({ adjusts: true }, async (daemon) => {
      await daemon.initialize();
      const sessionId = await daemon.session({ limits });
      await daemon.reload({ maxLimits: { memoryBytes: 64 * MiB, cpus: 0.5, outputBytes: 5, timeoutMs: 2_000 } });
      const { sessions: [session] } = await daemon.result('session/list');
      expect(session.limits).to.deep.include({ memoryBytes: 64 * MiB, cpus: 0.5, pids: 256, outputBytes: 5, timeoutMs: 2_000 });
      expect(daemon.sandbox.adjusted.map(({ memoryBytes, cpus, pids }) => [memoryBytes, cpus, pids])).to.deep.equal([[64 * MiB, 0.5, 256]]);
      expect((await daemon.result('command/executeShell', { sessionId, command: 'echo 123456' })).outcome).to.equal('outputLimit');
      const late = daemon.result('command/executeShell', { sessionId, command: 'forever' });
      await daemon.server.clock.advance(2_500);
      expect((await late).outcome).to.equal('timedOut');
    }));

  it('leaves what a sandbox can’t be held to, and says so in the log', () =>
    withDaemon({}, async (daemon) => {
      await daemon.initialize();
      const sessionId = await daemon.session({ limits });
      await daemon.reload({ maxLimits: { memoryBytes: 64 * MiB, diskBytes: MiB, outputBytes: 5 } });
      const { sessions: [session] } = await daemon.result('session/list');
      expect(session.limits).to.deep.include({ memoryBytes: 512 * MiB, diskBytes: 256 * MiB, outputBytes: 5 });
      expect(daemon.server.lines.filter(({ level }) => level === 'warn').map(({ message }) => message)).to.deep.equal([`session ${sessionId} keeps its memoryBytes, diskBytes, because its sandbox can't be held to less while it is there; close it, or wait until it ends`]);
    }));

  it('widens nothing for sessions that are open, and everything for new ones', () =>
    withDaemon({ config: { maxLimits: { outputBytes: 5 } } }, async (daemon) => {
      await daemon.initialize();
      const sessionId = await daemon.session();
      await daemon.reload({});
      const run = async (id: string) => (await daemon.result('command/executeShell', { sessionId: id, command: 'echo 123456' })).outcome;
      expect([await run(sessionId), await run(await daemon.session())]).to.deep.equal(['outputLimit', 'exited']);
    }));

  it('closes sessions that are idle for longer, or older, than they may be now', () =>
    withDaemon({}, async (daemon) => {
      await daemon.initialize({ capabilities: { session: { stateChanged: true } } });
      const [idle, old] = [await daemon.session(), await daemon.session()];
      await daemon.server.clock.advance(50_000);
      await daemon.result('command/executeShell', { sessionId: old, command: 'echo 1' });
      await daemon.server.clock.advance(20_000);
      await daemon.reload({ sessions: { idleTimeoutMs: 60_000, maxLifetimeMs: 100_000 } });
      await daemon.settle();
      const closed = () => daemon.received('session/stateChanged').filter(({ state }) => state === 'closed').map(({ sessionId, reason }) => [sessionId, reason]);
      expect(closed()).to.deep.equal([[idle, 'idle']]);
      await daemon.server.clock.advance(30_000);
      expect(closed()).to.deep.equal([[idle, 'idle'], [old, 'lifetime']]);
    }));

  it('counts rates and quotas on from where they are', () =>
    withGuests({ pool: {} }, async (one, two, { reload, clock }) => {
      const sessionId = await one.session();
      const run = () => one.call('command/executeShell', { sessionId, command: 'echo 1' });
      await run();
      await reload({ quotas: { perDay: { commands: 2 } } });
      expect((await run()).outcome).to.equal('exited');
      expect(await run()).to.equal('QuotaExceeded');
      await reload({ quotas: { perDay: { commands: 3 } }, rates: { 'command/executeShell': { perMinute: 1 } } });
      expect((await run()).outcome).to.equal('exited');
      expect(await run()).to.equal('RateLimited');
      await reload({ rates: { 'command/executeShell': { perMinute: 1, burst: 5 } } });
      expect(await run(), 'an empty bucket stays empty').to.equal('RateLimited');
      await clock.advance(60_000);
      expect((await run()).outcome).to.equal('exited');
      expect((await two.call('session/list')).sessions).to.deep.equal([]);
    }));

  it('bounds how many sessions there may be, and closes none', () =>
    withGuests({ pool: {} }, async (one, two, { reload }) => {
      for (const guest of [one, two]) await guest.session();
      await reload({ sessions: { max: 2 } });
      expect(await one.call('session/create', { language: 'python' })).to.equal('TooManySessions');
      expect((await one.call('session/list')).sessions).to.have.length(1);
      await reload({ sessions: { max: 3 } });
      await one.session();
    }));

  it('refuses what is found in code from now on, for connections that were made before', () =>
    withDaemon({ scanner: new FakeScanner() }, async (daemon) => {
      await daemon.initialize();
      const sessionId = await daemon.session();
      const run = () => daemon.ask('command/runCode', { sessionId, code: 'echo bad' });
      expect((await run()).error).to.equal(undefined);
      await daemon.reload({ scan: { mode: 'block' } });
      expect((await run()).error?.data.kind).to.equal('PolicyDenied');
      await daemon.reload({ scan: { mode: 'off' } });
      expect((await run()).error).to.equal(undefined);
    }));

  it('does not widen what a client has narrowed for itself', () =>
    withDaemon({ config: { sessions: { max: 5 } } }, async (daemon) => {
      await daemon.initialize({ initializationOptions: { sessions: { max: 1 }, maxLimits: { pids: 100 } } });
      await daemon.reload({ sessions: { max: 16 } });
      await daemon.session();
      expect((await daemon.fault('session/create', { language: 'python' })).data.kind).to.equal('TooManySessions');
      expect((await daemon.result('session/list')).sessions[0].limits.pids).to.equal(100);
    }));

  it('makes no sessions for a client whose wishes it no longer allows, and holds those that it has to both', () =>
    withDaemon({}, async (daemon) => {
      await daemon.initialize({ initializationOptions: { limits: { pids: 200 }, maxLimits: { outputBytes: 100 } } });
      const sessionId = await daemon.session();
      await daemon.reload({ maxLimits: { pids: 50, timeoutMs: 1_000 }, limits: { pids: 50 } });
      const { message, data } = await daemon.fault('session/create', { language: 'python' });
      expect([data.kind, message.includes('pids may be at most 50'), message.includes('connect anew')]).to.deep.equal(['PolicyDenied', true, true]);
      const { sessions: [session] } = await daemon.result('session/list');
      expect([session.sessionId, session.limits.outputBytes, session.limits.timeoutMs]).to.deep.equal([sessionId, 100, 1_000]);
      await daemon.reload({});
      await daemon.session();
    }));

  it('holds a session that is being made meanwhile', () => {
    let go = () => undefined as void;
    const creating = () => new Promise<void>((resolve) => (go = resolve));
    return withDaemon({ creating }, async (daemon) => {
      await daemon.initialize();
      const made = daemon.session();
      await daemon.settle();
      await daemon.reload({ maxLimits: { outputBytes: 5 } });
      go();
      const sessionId = await made;
      expect((await daemon.result('command/executeShell', { sessionId, command: 'echo 123456' })).outcome).to.equal('outputLimit');
    });
  });

  it('changes neither images nor the pool', () =>
    withDaemon({ image: 'one:1' }, async (daemon) => {
      await daemon.initialize();
      const config: Config = { images: { python: 'other:1' }, pool: { fake: { python: 2 } } };
      await daemon.reload(config);
      const { image } = await daemon.result('session/create', { language: 'python' });
      expect(image).not.to.equal('other:1');
    }));

  it('holds for a client whose initialize is being answered meanwhile', () =>
    withDaemon({}, async (daemon) => {
      const opening = daemon.initialize({ initializationOptions: { limits: { pids: 20 } } });
      await daemon.reload({ sessions: { max: 1 } });
      await opening;
      await daemon.session();
      expect((await daemon.fault('session/create', { language: 'python' })).data.kind).to.equal('TooManySessions');
    }));
});

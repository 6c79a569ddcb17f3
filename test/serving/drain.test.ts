/** A daemon that is told to end: it takes on nothing new, what runs has time to end, and what does not is told how it ended. */
import { expect } from 'chai';
import { withDaemon, type TestDaemon } from './daemon.ts';
import { type Guest, withGuests } from './guests.ts';

const never = () => new AbortController().signal;

/** Begins a command and resolves when its program runs. */
async function begin({ runtime }: { readonly runtime: TestDaemon['runtime'] }, guest: Guest, sessionId: string, command: string) {
  const answer = guest.call('command/executeShell', { sessionId, commandId: `of-${sessionId}`, command });
  await guest.server.flushTurns();
  expect(runtime.made.flatMap(({ processes }) => processes)).not.to.deep.equal([]);
  return answer;
}

describe('a daemon that drains', () => {
  it('takes on nothing new, in a session or beside it, and still answers and ends', () =>
    withGuests({ pool: {} }, async (one, two, shared) => {
      const sessionId = await one.session();
      await one.call('command/writeFile', { sessionId, path: 'a', content: '1' });
      const running = begin(shared, one, sessionId, 'sleep 5000');
      await one.server.flushTurns();
      const drained = shared.house.drain(10_000, never());
      for (const guest of [one, two]) expect(await guest.call('session/create', { language: 'python' })).to.equal('ShuttingDown');
      for (const [method, params] of Object.entries({ executeShell: { command: 'echo 1' }, runCode: { code: 'echo 1' }, writeFile: { path: 'b', content: '' }, deleteFile: { path: 'a' } })) {
        expect(await one.call(`command/${method}`, { sessionId, ...params }), method).to.equal('ShuttingDown');
        expect(await one.call('session/execute', { sessionId, command: { type: method, ...params } }), method).to.equal('ShuttingDown');
      }
      expect((await one.call('command/readFile', { sessionId, path: 'a' })).content).to.equal('1');
      expect((await one.call('session/list')).sessions).to.have.length(1);
      await shared.clock.advance(5_000);
      expect(await drained).to.equal(true);
      expect((await running).outcome).to.equal('exited');
    }));

  it('says how much time is left', () =>
    withDaemon({}, async (daemon) => {
      await daemon.initialize();
      const sessionId = await daemon.session();
      const running = daemon.ask('command/executeShell', { sessionId, command: 'sleep 8000' });
      await daemon.server.flushTurns();
      const drained = daemon.house.drain(10_000, never());
      await daemon.server.clock.advance(4_000);
      const { code, data, message } = await daemon.fault('session/create', { language: 'python' });
      expect({ code, data }).to.deep.equal({ code: 1005, data: { kind: 'ShuttingDown', endsInMs: 6_000 } });
      expect(message).to.contain('shutting down');
      await daemon.server.clock.advance(4_000);
      await Promise.all([drained, running]);
    }));

  it('says so in its health', () =>
    withGuests({ pool: {} }, async (one, _two, shared) => {
      const sessionId = await one.session();
      const health = async () => {
        const { status, checks } = await one.call('server/health');
        return [status, checks.find(({ name }: { name: string }) => name === 'draining')];
      };
      expect(await health()).to.deep.equal(['ok', { name: 'draining', status: 'ok' }]);
      const running = begin(shared, one, sessionId, 'sleep 5000');
      await one.server.flushTurns();
      const drained = shared.house.drain(10_000, never());
      const draining = 'the daemon is shutting down and takes on nothing new';
      expect(await health()).to.deep.equal(['degraded', { name: 'draining', status: 'degraded', detail: draining }]);
      expect(await shared.house.health.ready()).to.deep.equal({ ok: false, reasons: [`draining: ${draining}`] });
      await shared.clock.advance(5_000);
      await Promise.all([drained, running]);
    }));

  it('waits for nothing where nothing runs', () =>
    withGuests({ pool: {} }, async (one, _two, { house }) => {
      await one.session();
      expect(await house.drain(10_000, never())).to.equal(true);
    }));

  it('ends what runs when its time is over, and tells its outcome and that the session was closed', () =>
    withGuests({ pool: {} }, async (one, two, shared) => {
      const sessionId = await one.session();
      const running = begin(shared, one, sessionId, 'echo begins\nforever');
      await one.server.flushTurns();
      const drained = shared.house.drain(10_000, never());
      await shared.clock.advance(10_000);
      expect(await drained).to.equal(false);
      for (const guest of [one, two]) await guest.leave();
      expect((await running).outcome).to.equal('cancelled');
      expect(one.received('command/output').map(({ data }) => data)).to.deep.equal(['begins\n']);
      expect(one.received('session/stateChanged').at(-1)).to.deep.equal({ sessionId, state: 'closed', reason: 'shutdown' });
    }));

  it('warns the clients whose programs run, and no others', () =>
    withGuests({ pool: {} }, async (one, two, shared) => {
      const sessionId = await one.session();
      const running = begin(shared, one, sessionId, 'sleep 100');
      await two.session();
      await one.server.flushTurns();
      const drained = shared.house.drain(10_000, never());
      await shared.clock.advance(100);
      await Promise.all([drained, running]);
      expect(one.received('window/logMessage').map(({ message }) => message)).to.deep.equal(['CodeBeaker is shutting down: what runs has 10 s to end by itself']);
      expect(two.received('window/logMessage')).to.deep.equal([]);
    }));

  it('waits no longer when it is hurried, and with 0 ms not at all', () =>
    withGuests({ pool: {} }, async (one, _two, shared) => {
      const sessionId = await one.session();
      const running = begin(shared, one, sessionId, 'forever');
      await one.server.flushTurns();
      const hurry = new AbortController();
      const drained = shared.house.drain(60_000, hurry.signal);
      hurry.abort();
      expect(await drained).to.equal(false);
      await one.leave();
      expect((await running).outcome).to.equal('cancelled');
    }));

  it('takes input and signals for what runs', () =>
    withGuests({ pool: {} }, async (one, _two, shared) => {
      const sessionId = await one.session();
      const running = one.call('command/executeShell', { sessionId, commandId: 'reads', command: 'cat', interactive: true });
      await one.server.flushTurns();
      const drained = shared.house.drain(60_000, never());
      one.server.wire.send({ jsonrpc: '2.0', method: 'command/input', params: { commandId: 'reads', data: 'a line\n', end: true } });
      expect((await running).outcome).to.equal('exited');
      expect(await drained).to.equal(true);
      expect(one.received('command/output').map(({ data }) => data).join('')).to.equal('a line\n');
    }));
});

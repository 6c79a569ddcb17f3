/** Sessions that wait for a client whose connection was lost: nothing of what they did is lost or told twice, and nothing of them is left when nobody comes. */
import { expect } from 'chai';
import { WINDOW_BYTES } from '../../server/src/serving/flow.ts';
import { notification } from '../wire/wire.ts';
import { withDaemon } from './daemon.ts';
import { acknowledge, begin, keep, outputOf, resuming, textOf, withResuming } from './resuming.ts';

const seqs = (output: readonly { seq: number }[]) => output.map(({ seq }) => seq);

describe('a session whose client was lost', () => {
  it('goes on, and sends the next client what was not acknowledged, and then what follows', () =>
    withResuming(async (one, { come, clock }) => {
      const kept = await keep(one);
      await begin(one, kept, 'echo a\necho b\nsleep 1000\necho c\nsleep 9000\necho d');
      acknowledge(one, 0);
      await one.server.flushTurns();
      await one.leave();
      const two = await come();
      const { session, commands } = await two.call('session/attach', { ...kept, acknowledged: { c: 0 } });
      expect([session.sessionId, session.resume]).to.deep.equal([kept.sessionId, { graceMs: 60_000 }]);
      expect(commands).to.deep.equal([{ commandId: 'c', state: 'running', nextSeq: 1, inputBytes: 0 }]);
      const waiting = two.call('command/wait', { sessionId: kept.sessionId, commandId: 'c' });
      await clock.advance(9000);
      expect(await waiting).to.deep.include({ commandId: 'c', outcome: 'exited', exitCode: 0, stdoutBytes: 8 });
      expect([textOf(one), textOf(two), seqs(outputOf(two))]).to.deep.equal(['a\nb\n', 'b\nc\nd\n', [1, 2, 3]]);
    }));

  it('runs until the window is full, and then its program waits', () =>
    withResuming(async (one, { come, runtime }) => {
      const kept = await keep(one);
      await begin(one, kept, `flood ${3 * WINDOW_BYTES}`);
      const before = outputOf(one).length;
      await one.leave();
      const two = await come();
      const { commands: [command] } = await two.call('session/attach', kept);
      expect([command.state, command.nextSeq, outputOf(two).length]).to.deep.equal(['running', 0, WINDOW_BYTES / 65_536]);
      expect(before).to.equal(WINDOW_BYTES / 65_536);
      for (let seq = 0; seq < (3 * WINDOW_BYTES) / 65_536; seq++) {
        await two.server.wire.find(({ method, params }) => method === 'command/output' && params.seq === seq);
        acknowledge(two, seq);
      }
      expect((await two.call('command/wait', { sessionId: kept.sessionId, commandId: 'c' })).stdoutBytes).to.equal(3 * WINDOW_BYTES);
      expect(seqs(outputOf(two))).to.deep.equal([...Array(48).keys()]);
      expect(runtime.open).to.have.lengthOf(1);
    }));

  it('keeps the results of commands that ended meanwhile, and of those before, whether they were answered or not', () =>
    withResuming(async (one, { come, clock }) => {
      const kept = await keep(one);
      const before = await (await begin(one, kept, 'echo first', { commandId: 'before' })).answer;
      await begin(one, kept, 'sleep 1000\nexit 7', { commandId: 'later' });
      await begin(one, kept, 'echo other', { commandId: 'beside' });
      await one.leave();
      const two = await come();
      const { commands } = await two.call('session/attach', kept);
      expect(commands.map(({ commandId, state }: { commandId: string; state: string }) => [commandId, state])).to.deep.equal([['before', 'ended'], ['later', 'ended'], ['beside', 'ended']]);
      const wait = (commandId: string) => two.call('command/wait', { sessionId: kept.sessionId, commandId });
      expect(await wait('before')).to.deep.equal(before);
      expect(await wait('later')).to.deep.include({ commandId: 'later', exitCode: 7 });
      expect(await wait('nobody')).to.equal('CommandNotFound');
      expect(textOf(two, 'before')).to.equal('first\n');
      await clock.advance(0);
    }));

  it('answers what a command failed with as the command would have been', () =>
    withResuming(async (one, { come }) => {
      const kept = await keep(one);
      expect(await one.call('command/executeShell', { sessionId: kept.sessionId, commandId: 'c', command: 'echo', cwd: 'nowhere' })).to.equal('FileNotFound');
      await one.leave();
      const two = await come();
      await two.call('session/attach', kept);
      expect(await two.call('command/wait', { sessionId: kept.sessionId, commandId: 'c' })).to.equal('FileNotFound');
    }));

  it('says how much input it has taken, and takes what follows', () =>
    withResuming(async (one, { come }) => {
      const kept = await keep(one);
      await begin(one, kept, 'cat', { interactive: true });
      const type = (guest: typeof one, data: string, end = false) => guest.server.wire.send(notification('command/input', { commandId: 'c', data, end }));
      type(one, 'one ');
      type(one, 'two ');
      await one.server.flushTurns();
      await one.leave();
      const two = await come();
      const { commands: [command] } = await two.call('session/attach', kept);
      expect(command.inputBytes).to.equal(8);
      type(two, 'three', true);
      await two.call('command/wait', { sessionId: kept.sessionId, commandId: 'c' });
      expect(textOf(two)).to.equal('one two three');
    }));

  it('loses the commands that nobody can ask for, and what reads and writes files', () =>
    withResuming(async (one, { come, runtime, clock }) => {
      const kept = await keep(one);
      void one.call('command/executeShell', { sessionId: kept.sessionId, command: 'forever' });
      await one.server.flushTurns();
      await one.leave();
      expect(runtime.made.flatMap(({ processes }) => processes.map(({ signals }) => signals))).to.deep.equal([['SIGKILL']]);
      const two = await come();
      expect((await two.call('session/attach', kept)).commands).to.deep.equal([]);
      await clock.advance(0);
    }));

  it('tells the next client of its state', () =>
    withResuming(async (one, { come }) => {
      const kept = await keep(one);
      await one.leave();
      const two = await come();
      await two.call('session/attach', kept);
      await two.call('session/close', { sessionId: kept.sessionId });
      expect(two.received('session/stateChanged').map(({ state }) => state)).to.deep.equal(['closing', 'closed']);
      expect(one.received('session/stateChanged').map(({ state }) => state)).to.deep.equal(['ready']);
      expect(await two.call('session/close', { sessionId: kept.sessionId })).to.equal('SessionClosed');
    }));

  it('is the next client’s: it lists it, runs in it, and cancels what it runs', () =>
    withResuming(async (one, { come }) => {
      const kept = await keep(one);
      await one.leave();
      const two = await come();
      await two.call('session/attach', kept);
      expect((await two.call('session/list')).sessions.map(({ sessionId }: { sessionId: string }) => sessionId)).to.deep.equal([kept.sessionId]);
      expect(await two.call('command/executeShell', { sessionId: kept.sessionId, command: 'echo 1' })).to.include({ stdout: '1\n' });
      const running = two.server.wire.ask('run', 'command/executeShell', { sessionId: kept.sessionId, command: 'echo 2\nforever', commandId: 'd' });
      await two.server.flushTurns();
      two.server.wire.send(notification('$/cancelRequest', { id: 'run' }));
      expect((await running).result).to.deep.include({ outcome: 'cancelled', stdoutBytes: 2 });
      expect(await two.call('usage/get', { sessionId: kept.sessionId })).to.include({ commands: 2 });
    }));

  it('is lost again and again', () =>
    withResuming(async (one, { come, runtime, clock }) => {
      const kept = await keep(one);
      await begin(one, kept, Array.from({ length: 20 }, (_, index) => `echo ${index}\nsleep 1000`).join('\n'));
      let guest = one;
      let text = textOf(one);
      let next = outputOf(one).length;
      for (let turn = 0; turn < 18; turn++) {
        await guest.leave();
        guest = await come();
        await guest.call('session/attach', { ...kept, acknowledged: { c: next - 1 } });
        await clock.advance(300);
        text += textOf(guest);
        next += outputOf(guest).length;
      }
      expect([text, next]).to.deep.equal([Array.from({ length: 20 }, (_, index) => `${index}\n`).join(''), 20]);
      expect(runtime.open).to.have.lengthOf(1);
    }));
});

describe('the grace time of a session', () => {
  it('ends it, with everything in it, and then it is as if it had never been', () =>
    withResuming(async (one, { come, runtime, clock, house }) => {
      const kept = await keep(one, { graceMs: 5_000 });
      await begin(one, kept, 'forever');
      await one.leave();
      await clock.advance(2_900);
      expect([runtime.open.length, house.lines.waiting]).to.deep.equal([1, 1]);
      await clock.advance(200);
      expect([runtime.open.length, house.lines.waiting, house.places.taken]).to.deep.equal([0, 0, 0]);
      const two = await come();
      expect(await two.call('session/attach', kept)).to.equal('SessionNotFound');
    }));

  it('begins anew with each loss, and not before', () =>
    withResuming(async (one, { come, runtime, clock }) => {
      const kept = await keep(one, { graceMs: 5_000 });
      await clock.advance(60_000);
      await one.leave();
      const two = await come();
      await two.call('session/attach', kept);
      await clock.advance(60_000);
      await two.leave();
      await clock.advance(2_900);
      expect(runtime.open).to.have.lengthOf(1);
      await clock.advance(200);
      expect(runtime.open).to.deep.equal([]);
    }));

  it('has a default and a maximum in the configuration, and 0 keeps nothing', () =>
    withResuming(async (one, { runtime }) => {
      const graceOf = async (resume: object) => (await one.call('session/create', { language: 'python', resume })).resume.graceMs;
      expect([await graceOf({}), await graceOf({ graceMs: 2_000 }), await graceOf({ graceMs: 90_000 }), await graceOf({ graceMs: 0 })]).to.deep.equal([3_000, 2_000, 7_000, 0]);
      await one.leave();
      expect(runtime.open).to.have.lengthOf(2);
    }, { sessions: { graceMs: 3_000, maxGraceMs: 7_000 } }));

  it('is for nobody where the configuration says so, or the client can not come back', async () => {
    await withResuming(async (one) => {
      expect(await one.call('session/create', { language: 'python', resume: {} })).to.equal('PolicyDenied');
      for (const method of ['session/attach', 'session/detach', 'command/wait']) expect(await one.call(method, { sessionId: 'x', resumeToken: '', commandId: '' })).to.equal('MethodNotFound');
    }, { sessions: { maxGraceMs: 0 } });
    await withResuming(async (_one, { come }) => {
      for (const capabilities of [{ session: {} }, { output: {} }]) {
        const plain = await come(capabilities);
        expect(await plain.call('session/create', { language: 'python', resume: {} })).to.equal('InvalidParams');
        expect(await plain.call('session/attach', { sessionId: 'x', resumeToken: '' })).to.equal('MethodNotFound');
      }
    });
  });

  it('is not waited for by sessions that were created without it', () =>
    withResuming(async (one, { runtime }) => {
      await one.session();
      expect(await one.call('session/detach', { sessionId: (await one.call('session/list')).sessions[0].sessionId })).to.equal('InvalidParams');
      await one.leave();
      expect(runtime.open).to.deep.equal([]);
    }));

  it('is not waited for after shutdown, but by those that another connection has', () =>
    withResuming(async (one, { come, runtime }) => {
      const [kept] = [await keep(one), await keep(one)];
      const two = await come();
      await two.call('session/attach', kept);
      expect(await one.call('shutdown')).to.equal(null);
      expect(runtime.open).to.have.lengthOf(1);
      expect(await two.call('command/executeShell', { sessionId: kept.sessionId, command: 'echo on' })).to.include({ stdout: 'on\n' });
      await one.leave();
      expect(await two.call('command/executeShell', { sessionId: kept.sessionId, command: 'echo on' })).to.include({ stdout: 'on\n' });
      expect(await two.call('shutdown')).to.equal(null);
      expect(runtime.open).to.deep.equal([]);
    }));

  it('is waited for by as many sessions as may be open, and they count as open', () =>
    withResuming(async (one, { come, clock, runtime }) => {
      await keep(one);
      await keep(one);
      await one.leave();
      const two = await come();
      expect(await two.call('session/create', { language: 'python' })).to.equal('TooManySessions');
      await clock.advance(60_000);
      expect(await two.call('session/create', { language: 'python' })).to.have.property('sessionId');
      expect(runtime.open).to.have.lengthOf(1);
    }, { sessions: { max: 2 } }));

  it('leaves nothing of many sessions', () =>
    withResuming(async (one, { come, clock, runtime, house }) => {
      for (let made = 0; made < 200; made++) await keep(one);
      await one.leave();
      expect(house.lines.waiting).to.equal(200);
      const two = await come();
      expect((await two.call('server/metrics', { format: 'prometheus' })).body).to.contain('codebeaker_sessions_waiting 200\n');
      await clock.advance(60_000);
      expect([house.lines.waiting, runtime.open.length, house.places.taken]).to.deep.equal([0, 0, 0]);
    }, { sessions: { max: 200 } }));

  it('ends when the daemon does, whatever still runs', () =>
    withResuming(async (one, { come, house, runtime }) => {
      const [kept, other] = [await keep(one), await keep(one)];
      await begin(one, kept, 'forever');
      await one.leave();
      const two = await come();
      await two.call('session/attach', other);
      expect(await house.drain(10_000, new AbortController().signal)).to.equal(true);
      expect(runtime.open).to.have.lengthOf(1);
      expect(await two.call('session/attach', kept)).to.equal('ShuttingDown');
      expect(await two.call('session/detach', { sessionId: other.sessionId })).to.equal('ShuttingDown');
      await two.leave();
      expect(runtime.open).to.deep.equal([]);
    }));

  it('is shortened by a configuration that is read again', () =>
    withResuming(async (one, { reload, clock, runtime }) => {
      await keep(one);
      await reload({ pool: {}, sessions: { maxGraceMs: 4_000 } });
      await one.leave();
      await clock.advance(2_100);
      expect(runtime.open).to.deep.equal([]);
    }));
});

describe('session/attach', () => {
  it('answers a wrong token as a session that there is not', () =>
    withResuming(async (one, { come }) => {
      const kept = await keep(one);
      const plain = await one.session();
      const two = await come();
      const ask = async (params: object) => (await two.server.wire.ask(JSON.stringify(params), 'session/attach', params)).error;
      const unknown = await ask({ sessionId: 'x'.repeat(16), resumeToken: kept.resumeToken });
      const errors = [{ ...kept, resumeToken: 'wrong' }, { ...kept, resumeToken: '' }, { sessionId: plain, resumeToken: '' }, { sessionId: plain, resumeToken: kept.resumeToken }];
      for (const params of errors) {
        const error = await ask(params);
        expect(JSON.stringify(error).replaceAll(params.sessionId, 'x'.repeat(16))).to.equal(JSON.stringify(unknown));
      }
      expect(unknown?.code).to.equal(1001);
      expect(Buffer.from(kept.resumeToken, 'base64url')).to.have.lengthOf(32);
      expect(one.received('session/detached')).to.deep.equal([]);
    }));

  it('takes a session over from a connection that still has it, which is told so', () =>
    withResuming(async (one, { come, clock }) => {
      const kept = await keep(one);
      const { answer } = await begin(one, kept, 'echo a\nsleep 1000\necho b');
      const two = await come();
      await two.call('session/attach', { ...kept, acknowledged: { c: 0 } });
      expect(await answer).to.equal('RequestCancelled');
      expect(one.received('session/detached')).to.deep.equal([{ sessionId: kept.sessionId, reason: 'attached' }]);
      expect(await one.call('command/executeShell', { sessionId: kept.sessionId, command: 'echo' })).to.equal('SessionNotFound');
      expect(await one.call('command/signal', { commandId: 'c', signal: 'SIGTERM' })).to.equal('CommandNotFound');
      expect((await one.call('session/list')).sessions).to.deep.equal([]);
      const waiting = two.call('command/wait', { sessionId: kept.sessionId, commandId: 'c' });
      const three = await come();
      await three.call('session/attach', { ...kept, acknowledged: { c: 0 } });
      expect(await waiting).to.equal('RequestCancelled');
      await clock.advance(1000);
      expect([textOf(one), textOf(two), textOf(three)]).to.deep.equal(['a\n', '', 'b\n']);
      await one.leave();
      expect(await three.call('command/wait', { sessionId: kept.sessionId, commandId: 'c' })).to.include({ outcome: 'exited' });
    }));

  it('goes on with the same connection after session/detach, also where a daemon has only one', () =>
    withDaemon({}, async (daemon) => {
      await daemon.initialize({ capabilities: resuming });
      const { sessionId, resume: { resumeToken } } = await daemon.result('session/create', { language: 'python', resume: {} });
      const running = daemon.ask('command/executeShell', { sessionId, commandId: 'c', command: 'echo a\nsleep 1000\necho b' });
      await daemon.settle();
      expect(await daemon.result('session/detach', { sessionId, graceMs: 5_000 })).to.deep.equal({ sessionId, graceMs: 5_000 });
      expect((await running).error?.code).to.equal(-32800);
      expect((await daemon.fault('command/readFile', { sessionId, path: 'a' })).message).to.contain('session/attach takes it over');
      await daemon.server.clock.advance(1_000);
      await daemon.result('session/attach', { sessionId, resumeToken, acknowledged: { c: 0 } });
      expect((await daemon.result('command/wait', { sessionId, commandId: 'c' })).outcome).to.equal('exited');
      expect(daemon.received('command/output').map(({ data }) => data)).to.deep.equal(['a\n', 'b\n']);
      expect(daemon.received('session/detached')).to.deep.equal([]);
    }));

  it('can be repeated, and sends again what is asked for', () =>
    withResuming(async (one) => {
      const kept = await keep(one);
      await (await begin(one, kept, 'echo a\necho b\necho c')).answer;
      await one.call('session/attach', { ...kept, acknowledged: { c: 1 } });
      expect(outputOf(one).map(({ data }) => data)).to.deep.equal(['a\n', 'b\n', 'c\n', 'c\n']);
      expect(await one.call('session/attach', { ...kept, acknowledged: { c: 2 } })).to.deep.include({ commands: [{ commandId: 'c', state: 'ended', nextSeq: 3, inputBytes: 0 }] });
    }));

  it('refuses what can not be, and then nothing has changed', () =>
    withResuming(async (one, { come, clock }) => {
      const kept = await keep(one);
      await begin(one, kept, 'echo a\nsleep 1000\necho b');
      const two = await come();
      const own = await keep(two);
      const { answer } = await begin(two, own, 'sleep 2000');
      const refused = [{ acknowledged: { c: 1 } }, { acknowledged: { d: 0 } }, { streams: { c: { stdout: { stream: 1, offset: 0 } } } }, {}];
      for (const params of refused) expect(await two.call('session/attach', { ...kept, ...params }), JSON.stringify(params)).to.equal('InvalidParams');
      await clock.advance(2000);
      expect([textOf(one), (await answer).outcome]).to.deep.equal(['a\nb\n', 'exited']);
      expect(one.received('session/detached')).to.deep.equal([]);
    }));

  it('refuses an id that runs on the connection already, also where it has ended in the session, so that each is acknowledged by its own', () =>
    withResuming(async (one, { come, clock }) => {
      const kept = await keep(one);
      await (await begin(one, kept, 'echo a')).answer;
      const two = await come();
      const own = await keep(two);
      const { answer } = await begin(two, own, 'sleep 2000');
      expect(await two.call('session/attach', kept)).to.equal('InvalidParams');
      await clock.advance(2000);
      await answer;
      expect((await two.call('session/attach', kept)).commands).to.have.lengthOf(1);
    }));

  it('lets acknowledgements come after the end, and ids be used again', () =>
    withResuming(async (one, { come }) => {
      const kept = await keep(one);
      await (await begin(one, kept, 'echo a')).answer;
      acknowledge(one, 0);
      await (await begin(one, kept, 'echo b')).answer;
      await one.leave();
      const two = await come();
      expect((await two.call('session/attach', kept)).commands).to.deep.equal([{ commandId: 'c', state: 'ended', nextSeq: 0, inputBytes: 0 }]);
      expect(textOf(two)).to.equal('b\n');
    }));

  it('keeps the last 64 commands', () =>
    withResuming(async (one) => {
      const kept = await keep(one);
      for (let turn = 0; turn < 70; turn++) await (await begin(one, kept, 'echo a', { commandId: `c${turn}` })).answer;
      const { commands } = await one.call('session/attach', kept);
      expect([commands.length, commands[0].commandId]).to.deep.equal([64, 'c6']);
    }));

  it('forgets the oldest where those that have ended have more than 4 MiB of output', () =>
    withResuming(async (one) => {
      const kept = await keep(one, {}, { limits: { outputBytes: 64 * WINDOW_BYTES } });
      for (let turn = 0; turn < 7; turn++) await (await begin(one, kept, `flood ${WINDOW_BYTES}`, { commandId: `c${turn}` })).answer;
      const { commands } = await one.call('session/attach', { ...kept, acknowledged: Object.fromEntries([3, 4, 5, 6].map((turn) => [`c${turn}`, 15])) });
      expect(commands.map(({ commandId }: { commandId: string }) => commandId)).to.deep.equal(['c3', 'c4', 'c5', 'c6']);
    }));

  it('is nothing for a connection of one request', () =>
    withDaemon({}, async (daemon) => {
      await daemon.initialize();
      const { error } = await daemon.wire.ask('a', 'session/attach', { sessionId: 'a', resumeToken: 'b' });
      expect(error?.code).to.equal(-32601);
    }));

  it('tells nobody the token', () =>
    withResuming(async (one, { come, lines }) => {
      const kept = await keep(one);
      const two = await come();
      two.server.wire.send(notification('$/setTrace', { value: 'verbose' }));
      await two.call('session/attach', kept);
      const trace = JSON.stringify(two.received('$/logTrace'));
      expect(trace).to.contain('session/attach').and.contain('(hidden)').and.not.contain(kept.resumeToken);
      expect(JSON.stringify([lines, await two.call('session/list'), two.server.lines])).not.to.contain(kept.resumeToken);
    }));
});

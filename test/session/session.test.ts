/** One session: the order of its commands, when it is idle, and why it closes (F-C9, F-C10). */
import { expect } from 'chai';
import { deferred } from '../../server/src/base/promises.ts';
import { ProtocolError, Session as SessionView } from '../../server/src/protocol/index.ts';
import { parse } from 'zod/mini';
import { IDLE_MS, lasting, LIFETIME_MS, SessionBench } from './bench.ts';

const settled = async (work: Promise<unknown>) => {
  let state = 'waits';
  void work.then(() => (state = 'done'), () => (state = 'failed'));
  await new Promise<void>((resolve) => void setImmediate(resolve));
  return state;
};

describe('the commands of a session', () => {
  it('wait for the end of a file command before them', async () => {
    const session = await new SessionBench().create();
    const first = lasting(session, 'file');
    const second = lasting(session);
    await first.begun;
    expect([await settled(first.result), second.hasBegun]).to.deep.equal(['waits', false]);
    first.end();
    await second.begun;
  });

  it('wait only for the start of an execution before them', async () => {
    const session = await new SessionBench().create();
    const first = lasting(session);
    const second = lasting(session, 'file');
    await second.begun;
    expect([await settled(first.result), first.hasBegun]).to.deep.equal(['waits', true]);
  });

  it('begin in the order of the calls, however they end', async () => {
    const session = await new SessionBench().create();
    const order: number[] = [];
    const results = Array.from({ length: 50 }, (_, at) =>
      session.command(async (started) => {
        order.push(at);
        if (at % 3 === 0) throw new Error('it failed');
        if (at % 3 === 1) started();
        await new Promise<void>((resolve) => void setImmediate(resolve));
      }),
    );
    await Promise.allSettled(results);
    expect(order).to.deep.equal(Array.from({ length: 50 }, (_, at) => at));
  });

  it('are not held up by a command that fails before it starts', async () => {
    const session = await new SessionBench().create();
    const first = session.command(() => {
      throw new Error('at once');
    });
    const second = lasting(session);
    await second.begun;
    expect(await settled(first)).to.equal('failed');
  });

  it('do not wait for the commands of another session (F-C7)', async () => {
    const bench = new SessionBench();
    const [one, other] = [await bench.create(), await bench.create()];
    lasting(one, 'file');
    const free = lasting(other, 'file');
    await free.begun;
    free.end();
    expect(await free.result).to.equal('done');
  });
});

describe('a session', () => {
  it('is described as the schema demands', async () => {
    const bench = new SessionBench();
    const session = await bench.create({ label: 'mine', image: 'an-image' });
    const view = session.view();
    expect(parse(SessionView, view)).to.deep.equal(view);
    expect(view).to.include({ label: 'mine', language: 'python', runtime: 'fake', image: 'an-image', state: 'ready', warm: false, workspace: '/workspace', commandCount: 0 });
    expect([view.createdAt, view.lastActiveAt, view.expiresAt]).to.deep.equal(['2030-01-01T00:00:00.000Z', '2030-01-01T00:00:00.000Z', '2030-01-01T00:00:01.000Z']);
  });

  it('is described without members that it does not have, and never expires without time limits', async () => {
    const bench = new SessionBench();
    const view = (await bench.create({ language: undefined, idleTimeoutMs: 0, maxLifetimeMs: 0 })).view();
    expect(view).not.to.have.any.keys('label', 'language', 'image');
    expect([bench.clock.pending, view.expiresAt]).to.deep.equal([0, '+275760-09-13T00:00:00.000Z']);
  });

  it('counts its commands and adds up their usage', async () => {
    const session = await new SessionBench().create();
    session.account({ cpuMs: 5, peakMemoryBytes: 100 });
    session.account(undefined);
    session.account({ cpuMs: 7, peakMemoryBytes: 50 });
    await session.command(async () => undefined);
    await session.command(() => Promise.reject(new Error('x'))).catch(() => undefined);
    expect(session.view()).to.deep.include({ usage: { cpuMs: 12, peakMemoryBytes: 100 }, commandCount: 2 });
  });

  it('is not idle while a command runs, however long that takes (F-C10)', async () => {
    const bench = new SessionBench();
    const session = await bench.create({ maxLifetimeMs: 0 });
    const command = lasting(session);
    await bench.clock.advance(IDLE_MS * 10);
    expect(session.view()).to.include({ state: 'busy', lastActiveAt: '2030-01-01T00:00:10.000Z', expiresAt: '2030-01-01T00:00:11.000Z' });
    command.end();
    await bench.clock.advance(IDLE_MS - 1);
    expect(session.state).to.equal('ready');
    await bench.clock.advance(1);
    expect(bench.statesOf(session)).to.deep.equal(['ready', 'busy', 'ready', 'closing idle', 'closed idle']);
  });

  it('is idle from the end of the last of several commands', async () => {
    const bench = new SessionBench();
    const session = await bench.create();
    const [one, other] = [lasting(session), lasting(session)];
    one.end();
    await bench.clock.advance(IDLE_MS * 2);
    other.fail();
    await bench.clock.advance(IDLE_MS - 1);
    expect(bench.statesOf(session)).to.deep.equal(['ready', 'busy', 'ready']);
  });

  it('stays idle when it is found, listed or described (F-C10)', async () => {
    const bench = new SessionBench();
    const session = await bench.create();
    for (let turn = 0; turn < 10; turn += 1) {
      await bench.clock.advance(IDLE_MS / 10);
      bench.manager.list().map((each) => each.view());
      if (turn < 9) expect(bench.manager.find(session.id)).to.equal(session);
    }
    expect(session.reason).to.equal('idle');
  });

  it('closes at the end of its lifetime, also while a command runs', async () => {
    const bench = new SessionBench();
    const session = await bench.create();
    const command = lasting(session);
    await bench.clock.advance(LIFETIME_MS);
    command.end();
    await bench.clock.advance(2000);
    expect(bench.statesOf(session)).to.deep.equal(['ready', 'busy', 'closing lifetime', 'closed lifetime']);
  });

  it('ends what runs in it, with the reason for which it closes, and waits for that', async () => {
    const bench = new SessionBench();
    const session = await bench.create();
    const reasons: string[] = [];
    const done = deferred();
    session.track({ end: (reason) => void reasons.push(reason), done: done.promise });
    const closing = session.close('client');
    session.track({ end: (reason) => void reasons.push(`late ${reason}`), done: done.promise });
    await bench.settle();
    expect([session.state, reasons, bench.sandbox.closes]).to.deep.equal(['closing', ['client', 'late client'], 1]);
    done.resolve();
    await closing;
    expect([session.state, bench.clock.pending]).to.deep.equal(['closed', 0]);
  });

  it('closes although something in it does not settle, and then its callers get an error', async () => {
    const bench = new SessionBench();
    const session = await bench.create();
    const hanging = lasting(session, 'file');
    const waiting = lasting(session);
    await hanging.begun;
    session.track({ end: () => undefined, done: new Promise(() => undefined) });
    const closing = session.close('client');
    await bench.clock.advance(1000);
    await closing;
    expect(session.state).to.equal('closed');
    for (const { result } of [hanging, waiting]) {
      const fault: unknown = await result.catch((thrown: unknown) => thrown);
      expect(fault).to.be.instanceOf(ProtocolError).with.property('code', 1002);
    }
    expect(waiting.hasBegun).to.equal(false);
  });

  it('refuses commands once it is closing, and says why', async () => {
    const bench = new SessionBench({ closing: () => new Promise(() => undefined) });
    const session = await bench.create();
    void session.close('client');
    const fault: unknown = await session.command(async () => undefined).catch((thrown: unknown) => thrown);
    expect((fault as ProtocolError).data).to.deep.equal({ kind: 'SessionClosed', sessionId: session.id, reason: 'client' });
  });

  const ends = {
    idle: (bench: SessionBench) => bench.clock.advance(IDLE_MS),
    lifetime: (bench: SessionBench) => bench.clock.advance(LIFETIME_MS),
    sandboxLost: async (bench: SessionBench) => bench.sandbox.destroy(),
  };
  for (const [reason, end] of Object.entries(ends)) {
    it(`closes for the reason ${reason} also if its sandbox cannot be removed, and logs an error`, async () => {
      const bench = new SessionBench({ closing: () => Promise.reject(new Error('the engine hangs')) });
      const session = await bench.create({ idleTimeoutMs: reason === 'lifetime' ? 0 : IDLE_MS });
      await end(bench);
      await bench.clock.advance(2000);
      expect(bench.statesOf(session)).to.deep.equal(['ready', `closing ${reason}`, `closed ${reason}`]);
      const lost = reason === 'sandboxLost' ? [['info', `the sandbox of session ${session.id} was lost: it was destroyed`]] : [];
      expect(bench.lines.map(({ level, message }) => [level, message])).to.deep.equal([...lost, ['error', 'a sandbox could not be removed']]);
    });
  }

  it('logs no error if its sandbox is lost together with its runtime', async () => {
    const bench = new SessionBench({ closing: () => Promise.reject(new ProtocolError('RuntimeUnavailable', 'no engine')) });
    const session = await bench.create();
    bench.sandbox.destroy();
    await bench.clock.advance(2000);
    expect([bench.statesOf(session).at(-1), bench.lines.map(({ level }) => level)]).to.deep.equal(['closed sandboxLost', ['info', 'info']]);
  });

  it('rejects the call that closes it if its sandbox cannot be removed', async () => {
    const bench = new SessionBench({ closing: () => Promise.reject(new Error('the engine hangs')) });
    const session = await bench.create();
    const fault: unknown = await session.close('client').catch((thrown: unknown) => thrown);
    expect([(fault as Error).message, session.state]).to.deep.equal(['the engine hangs', 'closed']);
  });
});

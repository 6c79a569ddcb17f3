/** The sessions of a connection: how many there may be, how they are created, and what is remembered of them. */
import { expect } from 'chai';
import { deferred } from '../../server/src/base/promises.ts';
import { type ErrorKind, type Isolation, ProtocolError } from '../../server/src/protocol/index.ts';
import type { CreateSession } from '../../server/src/session/manager.ts';
import { type BenchOptions, deaf, faultOf, lasting, SessionBench } from './bench.ts';

const kindOf = async (work: Promise<unknown>): Promise<ErrorKind> => (await faultOf(work)).kind;

function expectNothingLeft({ manager, runtime, clock }: SessionBench): void {
  expect(manager.list()).to.deep.equal([]);
  expect(runtime.open).to.deep.equal([]);
  expect(clock.pending).to.equal(0);
}

describe('the number of sessions', () => {
  it('has a maximum, which includes sessions that are being created', async () => {
    const gate = deferred();
    const bench = new SessionBench({ max: 2, creating: () => gate.promise });
    const [first, second] = [bench.create(), bench.create()];
    const fault = await faultOf(bench.create());
    expect([fault.code, fault.data.max]).to.deep.equal([1003, 2]);
    gate.resolve();
    await Promise.all([first, second]);
    expect(await kindOf(bench.create())).to.equal('TooManySessions');
    expect(bench.runtime.made).to.have.lengthOf(2);
  });

  it('includes a session that is closing until it is closed', async () => {
    const gate = deferred();
    const bench = new SessionBench({ max: 1, closing: () => gate.promise });
    const session = await bench.create();
    const closing = session.close('client');
    expect(await kindOf(bench.create())).to.equal('TooManySessions');
    gate.resolve();
    await closing;
    await bench.create();
  });

  it('does not include a session that could not be created', async () => {
    let failing = true;
    const bench = new SessionBench({
      max: 1,
      creating: () => {
        if (failing) throw new ProtocolError('SandboxFailed', 'no');
      },
    });
    expect(await kindOf(bench.create())).to.equal('SandboxFailed');
    failing = false;
    await bench.create();
  });
});

describe('a host without room for another sandbox', () => {
  /** A host on which so many sandboxes can be at once. */
  function hostFor(room: number): { readonly bench: SessionBench; readonly tries: string[] } {
    const tries: string[] = [];
    const bench: SessionBench = new SessionBench({
      ahead: 2,
      creating: ({ image = 'usual' }) => {
        tries.push(image);
        if (bench.runtime.open.length >= room) throw new ProtocolError('SandboxFailed', 'no more files can be opened');
      },
    });
    return { bench, tries };
  }

  it('has room for the one that a client waits for, if others only wait in the pool', async () => {
    const { bench, tries } = hostFor(2);
    await bench.clock.advance(2_000);
    expect(bench.runtime.open).to.have.lengthOf(2);
    const session = await bench.create({ image: 'another' });
    expect(tries).to.deep.equal(['usual', 'usual', 'another', 'another']);
    expect(bench.runtime.open.map(({ spec }) => spec.name)).to.deep.equal([session.id]);
  });

  it('refuses it, and tries no second time, if nothing waits in the pool', async () => {
    const { bench, tries } = hostFor(0);
    expect(await kindOf(bench.create({ image: 'another' }))).to.equal('SandboxFailed');
    expect(tries).to.deep.equal(['another']);
  });
});

describe('finding a session', () => {
  it('returns the session that was created', async () => {
    const bench = new SessionBench();
    const [one, other] = [await bench.create(), await bench.create()];
    expect([bench.manager.find(one.id), bench.manager.list()]).to.deep.equal([one, [one, other]]);
    expect(one.id).to.match(/^[0-9a-f]{16}$/);
  });

  it('still returns a session that is closing', async () => {
    const gate = deferred();
    const bench = new SessionBench({ closing: () => gate.promise });
    const session = await bench.create();
    const closing = session.close('client');
    expect(bench.manager.find(session.id)?.view().state).to.equal('closing');
    gate.resolve();
    await closing;
  });
});

describe('a folder that is shared as a copy', () => {
  const workspace = { path: '/folder', access: 'copy' } as const;

  for (const copiesIn of [true, false]) {
    it(copiesIn ? 'is copied into a waiting sandbox' : 'needs a new sandbox if the waiting one cannot take a copy', async () => {
      const bench = new SessionBench({ ahead: 1, copiesIn });
      await bench.clock.advance(2_000);
      const [waiting] = bench.runtime.made;
      const session = await bench.create({ workspace });
      expect([session.sandbox === waiting, session.view().warm, waiting?.gone]).to.deep.equal([copiesIn, copiesIn, !copiesIn]);
      expect(waiting?.copied).to.deep.equal(copiesIn ? ['/folder'] : []);
      expect(bench.sandbox.spec.workspace).to.deep.equal(copiesIn ? undefined : workspace);
      await bench.manager.close();
    });
  }
});

describe('strict', () => {
  const layers = (state: 'enforced' | 'degraded' | 'off'): Isolation => ({
    score: 5,
    layers: [{ name: 'filesystem', state: 'enforced' }, { name: 'memory', state, detail: 'polled' }],
  });

  for (const state of ['degraded', 'off'] as const) {
    it(`refuses a sandbox with a layer that is ${state}, and removes it (F-B8, F-F1)`, async () => {
      const bench = new SessionBench({ isolation: layers(state) });
      const fault = await faultOf(bench.create({ strict: true }));
      expect([fault.code, fault.data.layers]).to.deep.equal([1014, [{ name: 'memory', state, detail: 'polled' }]]);
      expect(bench.sandbox.closes).to.equal(1);
      expectNothingLeft(bench);
    });
  }

  it('accepts a sandbox whose layers are enforced; without strict, others are accepted too', async () => {
    await new SessionBench({ isolation: layers('enforced') }).create({ strict: true });
    await new SessionBench({ isolation: layers('off') }).create();
  });
});

describe('cancelling the creation of a session', () => {
  type Moment = (bench: SessionBench, cancel: () => void) => BenchOptions & { wish?: Partial<CreateSession> };
  const degraded: Isolation = { score: 1, layers: [{ name: 'memory', state: 'off' }] };

  const moments: Record<string, Moment> = {
    'before the runtime begins': (_, cancel) => (cancel(), {}),
    'before a runtime that ignores the signal begins': (bench, cancel) => (cancel(), { wish: { runtime: deaf(bench.runtime) } }),
    'while the runtime works': (_, cancel) => ({ creating: cancel }),
    'while a runtime that ignores the signal works': (bench, cancel) => ({ creating: cancel, wish: { runtime: deaf(bench.runtime) } }),
    'while a sandbox that is too weak is removed': (bench, cancel) => ({ closing: cancel, isolation: degraded, wish: { strict: true, runtime: deaf(bench.runtime) } }),
  };
  const enders: Record<string, (bench: SessionBench, controller: AbortController) => void> = {
    'by the client': (_, controller) => controller.abort(new ProtocolError('RequestCancelled', 'by the client')),
    'by closing all sessions': (bench) => void bench.manager.close(),
  };

  for (const [when, moment] of Object.entries(moments)) {
    for (const [who, ender] of Object.entries(enders)) {
      it(`leaves nothing behind: ${who}, ${when}`, async () => {
        const controller = new AbortController();
        const hooks: ReturnType<Moment> = {};
        const bench: SessionBench = new SessionBench({
          creating: (...args) => hooks.creating?.(...args),
          closing: (...args) => hooks.closing?.(...args),
          isolation: when.includes('weak') ? degraded : undefined,
        });
        Object.assign(hooks, moment(bench, () => ender(bench, controller)));
        const kind = await kindOf(bench.create(hooks.wish, { signal: controller.signal }));
        await bench.settle();
        expect(['RequestCancelled', 'InvalidRequest', 'IsolationUnavailable']).to.include(kind);
        expect(bench.runtime.made.map(({ closes }) => closes)).to.deep.equal(bench.runtime.made.map(() => 1));
        expectNothingLeft(bench);
        expect(bench.changes).to.deep.equal([]);
      });
    }
  }

  it('has no effect if it comes too late', async () => {
    const controller = new AbortController();
    const bench = new SessionBench();
    const session = await bench.create({}, { signal: controller.signal });
    controller.abort();
    await bench.settle();
    expect(session.state).to.equal('ready');
  });
});

describe('closing all sessions', () => {
  it('closes every session once, also those that are still being created', async () => {
    const gate = deferred();
    let slow = false;
    const bench = new SessionBench({ creating: () => (slow ? gate.promise : undefined) });
    const [idle, busy] = [await bench.create(), await bench.create()];
    const command = lasting(busy);
    await command.begun;
    slow = true;
    const late = kindOf(bench.create({ runtime: deaf(bench.runtime) }));
    const closing = bench.manager.close();
    gate.resolve();
    await closing;
    expect(await late).to.equal('RequestCancelled');
    expect([idle.reason, busy.reason, await command.result]).to.deep.equal(['shutdown', 'shutdown', 'ended']);
    expectNothingLeft(bench);
    expect(bench.runtime.made.map(({ closes }) => closes)).to.deep.equal([1, 1, 1]);
    expect(await kindOf(bench.create())).to.equal('InvalidRequest');
  });

  it('closes the others if one cannot be closed, and then rejects', async () => {
    const bench: SessionBench = new SessionBench({
      closing: (sandbox) => {
        if (sandbox === bench.runtime.made[0]) throw new Error('the engine hangs');
      },
    });
    await bench.create();
    await bench.create();
    const fault: unknown = await bench.manager.close().catch((thrown: unknown) => thrown);
    expect(fault).to.be.instanceOf(AggregateError);
    expect((fault as AggregateError).errors.map(({ message }: Error) => message)).to.deep.equal(['the engine hangs']);
    expectNothingLeft(bench);
  });
});

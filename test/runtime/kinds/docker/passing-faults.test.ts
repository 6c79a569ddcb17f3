/** An engine that fails for a moment: what may be repeated is, nothing is made twice, and nothing counts as done that may not be. */
import { expect } from 'chai';
import { MAX_TRIES } from '../../../../server/src/base/retry.ts';
import type { Engine } from '../../../../server/src/runtime/kinds/docker/engine.ts';
import { FAILURES, TRIAL_MS } from '../../../../server/src/runtime/kinds/docker/circuit.ts';
import type { Behaviour, Call } from '../../../fakes/engine.ts';
import { context, failure, settled, spec, type Subject, subject, until } from './subject.ts';

const never = new AbortController().signal;
const busy: Behaviour = { status: 503, message: 'the server is busy' };
/** The answer begins, and the connection breaks. */
const breaksOff: Behaviour = (response) => void response.writeHead(200, { 'Content-Type': 'application/json' }).write('{', () => response.destroy());
const container = (engine: Engine) => engine.create({ name: 'x', Image: 'image' });

describe('an engine that fails for a moment', () => {
  let held: Subject;
  beforeEach(async () => (held = await subject()));
  afterEach(() => held.close());

  const safe: Partial<Record<Call, (engine: Engine, id: string) => Promise<unknown>>> = {
    find: (engine) => engine.find('label'),
    remove: (engine, id) => engine.remove(id),
    put: (engine, id) => engine.put(id, '/folder', [{ name: 'file', mode: 0o444, content: Buffer.from('content') }], never),
  };
  for (const [name, ask] of Object.entries(safe)) {
    for (const [what, behaviour] of Object.entries<Behaviour>({ 'hangs up': 'hangUp', 'breaks off in the middle of its answer': breaksOff, 'is busy': busy, 'is behind a proxy that lost it': { status: 502, message: 'bad gateway' } })) {
      it(`and ${what} when it is asked to ${name} is asked again`, async () => {
        const id = await container(held.engine);
        held.fake.on(name as Call, behaviour, behaviour);
        await settled(held, ask(held.engine, id));
        expect([held.fake.count(name as Call), held.clock.pending]).to.deep.equal([3, 0]);
      });
    }
  }

  it('and breaks off while a removal that is under way is waited for is asked again', async () => {
    const id = await container(held.engine);
    held.fake.on('remove', { status: 409, message: 'removal is already in progress' }).on('wait', breaksOff);
    await settled(held, held.engine.remove(id));
    expect([held.fake.count('remove'), held.fake.count('wait'), held.fake.containers.size, held.clock.pending]).to.deep.equal([2, 1, 0, 0]);
  });

  it('is asked no more than so often', async () => {
    held.fake.on('find', ...Array.from({ length: 10 }, () => busy));
    const { kind, message } = await failure(settled(held, held.engine.find('label')));
    expect([kind, message, held.fake.count('find')]).to.deep.equal(['SandboxFailed', 'Docker refused: the server is busy', MAX_TRIES]);
  });

  for (const call of ['create', 'attach', 'start'] as const) {
    const ask = (id: string): Promise<unknown> => ({ create: () => container(held.engine), attach: () => held.engine.attach(id, never), start: () => held.engine.start(id, never) })[call]();

    for (const [what, behaviour] of Object.entries<Behaviour>({ 'hangs up': 'hangUp', ...(call === 'attach' ? {} : { 'breaks off in the middle of its answer': breaksOff }) })) {
      it(`and ${what} when it is asked to ${call} is not asked again, because it may have done so`, async () => {
        const id = call === 'create' ? '' : await container(held.engine);
        const before = held.fake.count(call);
        held.fake.on(call, behaviour);
        expect((await failure(settled(held, ask(id)))).kind).to.equal('RuntimeUnavailable');
        expect(held.fake.count(call) - before).to.equal(1);
      });
    }

    it(`and is too busy to ${call} is asked again`, async () => {
      const id = call === 'create' ? '' : await container(held.engine);
      const before = held.fake.count(call);
      held.fake.on(call, busy);
      const made = await settled(held, ask(id).catch((fault: Error) => fault.message));
      expect(made).not.to.match(/busy/);
      expect(held.fake.count(call) - before).to.equal(2);
    });
  }

  it('and whose error will stay is not asked again', async () => {
    held.fake.on('create', { status: 500, message: 'no space left' });
    expect((await failure(settled(held, container(held.engine)))).message).to.contain('no space left');
    expect(held.fake.count('create')).to.equal(1);
  });

  it('and is back before the last try has made a sandbox, and one only', async () => {
    await held.runtime.refresh(never);
    await held.fake.die();
    const created = held.runtime.create(spec, context());
    await until('it waits for the next try', () => held.clock.pending > 1);
    await held.fake.restart();
    const sandbox = await settled(held, created);
    expect(held.fake.created).to.equal(1);
    await sandbox.close();
  });

  it('is no longer asked for sandboxes when it has not answered several times, and again as soon as it answers', async () => {
    await held.runtime.refresh(never);
    await held.fake.die();
    for (let time = 0; time < FAILURES; time++) expect((await failure(settled(held, held.runtime.create(spec, context())))).kind).to.equal('RuntimeUnavailable');
    const { kind, data } = await failure(held.runtime.create(spec, context()));
    expect([kind, held.clock.pending]).to.deep.equal(['RuntimeUnavailable', 0]);
    expect(data.reason).to.contain("can't be reached (ECONNREFUSED)").and.contain(`${FAILURES} times in a row`);
    expect(data.hint).to.contain('start Docker');
    await held.fake.restart();
    expect((await failure(held.runtime.create(spec, context()))).kind, 'until something finds out').to.equal('RuntimeUnavailable');
    await held.runtime.refresh(never);
    await (await settled(held, held.runtime.create(spec, context()))).close();
  });

  it('is asked for a sandbox again after some time, where nothing else finds out that it is back', async () => {
    await held.runtime.refresh(never);
    await held.fake.die();
    for (let time = 0; time < FAILURES; time++) await failure(settled(held, held.runtime.create(spec, context())));
    await held.fake.restart();
    await held.clock.advance(TRIAL_MS);
    await (await settled(held, held.runtime.create(spec, context()))).close();
  });

  it('still removes what it has while it is not asked for sandboxes', async () => {
    const id = await container(held.engine);
    for (let time = 0; time < FAILURES; time++) {
      held.fake.on('create', 'hangUp');
      await failure(settled(held, container(held.engine)));
    }
    expect((await failure(container(held.engine))).data.reason).to.contain('in a row');
    await held.engine.remove(id);
    await container(held.engine);
  });

  it('is not held to be down because it refuses', async () => {
    for (let time = 0; time < 2 * FAILURES; time++) {
      held.fake.on('create', { status: 500, message: 'it refuses' });
      expect((await failure(settled(held, container(held.engine)))).message).to.contain('it refuses');
    }
    expect(held.fake.count('create')).to.equal(2 * FAILURES);
  });
});

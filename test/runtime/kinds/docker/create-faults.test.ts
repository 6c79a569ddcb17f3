/** Whatever fails while a sandbox is made, and whenever it is cancelled, no container is left (F-C4). */
import { mkdirSync, mkdtempSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getActiveResourcesInfo } from 'node:process';
import { expect } from 'chai';
import { deferred } from '../../../../server/src/base/promises.ts';
import { ProtocolError } from '../../../../server/src/protocol/index.ts';
import { goodFacts } from '../../../fakes/container.ts';
import type { Behaviour, Call } from '../../../fakes/engine.ts';
import { context, spec, type Subject, subject, until } from './subject.ts';

/** The longest that a test lets the clock run, in real time: what has not settled by then never will. */
const PATIENCE_MS = 30_000;

const faults: Record<string, () => Behaviour> = {
  'answers with an error': () => ({ status: 500, message: 'no' }),
  'says that there is no such thing': () => ({ status: 404, message: 'no such thing' }),
  'hangs up': () => 'hangUp',
  'never answers': () => 'silence',
  'does it and never answers': () => 'late',
};

/** The calls to the engine of a create that copies a folder, in their order. */
const engines: Record<string, { readonly local: boolean; readonly steps: readonly Call[] }> = {
  'on this machine': { local: true, steps: ['create', 'attach', 'start'] },
  'on another machine': { local: false, steps: ['create', 'put', 'attach', 'start'] },
};

for (const [where, { local, steps }] of Object.entries(engines)) describe(`a sandbox that is not made by an engine ${where}`, () => {
  let held: Subject;
  let folder: string;
  let before: number;
  const openPipes = () => getActiveResourcesInfo().filter((name) => name === 'PipeWrap').length;
  beforeEach(async () => {
    before = openPipes();
    held = await subject({ local });
    await held.runtime.refresh(new AbortController().signal);
    held.fake.requests.length = 0;
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'create-')));
    mkdirSync(join(folder, 'deep'));
    for (const name of ['one', 'two', 'deep/three']) writeFileSync(join(folder, name), name);
  });
  afterEach(async () => {
    rmSync(folder, { recursive: true });
    await held.close();
    await until('every connection of an agent is closed', () => openPipes() === before);
  });

  const create = (signal = new AbortController().signal) => {
    const { reports: _reports, ...rest } = context(signal);
    let settled = false;
    const outcome = held.runtime
      .create({ ...spec, workspace: { path: folder, access: 'copy' } }, rest)
      .then(() => 'a sandbox' as const, (fault: unknown) => fault)
      .finally(() => (settled = true));
    return { outcome, settled: () => settled };
  };

  /**
   * Moves the clock in small steps until `settled`: in between, the engine can answer. How many steps it takes
   * depends on the machine, because files and sockets do not follow the clock.
   */
  const pass = async (settled: () => boolean) => {
    for (const end = Date.now() + PATIENCE_MS; !settled() && Date.now() < end; ) {
      await held.clock.advance(500);
      for (let turns = 0; turns < 10; turns++) await new Promise((resolve) => setImmediate(resolve));
    }
  };

  const nothingLeft = async () => {
    await until('no container', () => held.fake.containers.size === 0);
    expect(held.fake.removed).to.equal(held.fake.created);
    await until('no folder', () => held.folders().length === 0);
    await until('every connection is closed', () => held.fake.connections === 0);
    expect(held.clock.pending).to.equal(0);
  };

  it('is made if nothing fails', async () => {
    expect(await create().outcome).to.equal('a sandbox');
    expect(steps.map((call) => held.fake.count(call))).to.deep.equal(steps.map(() => 1));
    await held.runtime.close();
    await nothingLeft();
  });

  for (const step of steps) {
    for (const [name, behaviour] of Object.entries(faults)) {
      it(`leaves nothing when at ${step} the engine ${name} (F-C4)`, async () => {
        // It fails ten times, because a missing image is pulled, and then tried again.
        held.fake.on(step, ...Array.from({ length: 10 }, behaviour));
        const { outcome, settled } = create();
        await pass(settled);
        const fault = await outcome;
        expect(fault).to.be.instanceOf(ProtocolError);
        expect((fault as ProtocolError).kind).to.be.oneOf(['SandboxFailed', 'RuntimeUnavailable', 'SandboxLost']);
        held.fake.on(step);
        await pass(() => held.clock.pending === 0);
        await nothingLeft();
      });
    }

    for (const answer of ['answers right after', 'never answers'] as const) {
      it(`leaves nothing when it is cancelled at ${step}, and the engine ${answer} (F-C4, F-C6)`, async () => {
        const gate = deferred();
        held.fake.on(step, answer === 'never answers' ? 'silence' : gate.promise);
        const abort = new AbortController();
        const reached = held.fake.reached(step);
        const { outcome, settled } = create(abort.signal);
        await reached;
        const reason = new ProtocolError('RequestCancelled', 'enough');
        abort.abort(reason);
        gate.resolve();
        await pass(settled);
        expect(await outcome).to.equal(reason);
        await pass(() => held.clock.pending === 0);
        await nothingLeft();
      });
    }

    it(`leaves nothing when the runtime is closed at ${step}`, async () => {
      const gate = deferred();
      held.fake.on(step, gate.promise);
      const reached = held.fake.reached(step);
      const { outcome } = create();
      await reached;
      const closed = held.runtime.close();
      gate.resolve();
      await closed;
      expect((await outcome as Error).message).to.equal('the daemon is shutting down');
      await nothingLeft();
    });
  }

  it('is not begun if it was cancelled before', async () => {
    const reason = new ProtocolError('RequestCancelled', 'enough');
    expect(await create(AbortSignal.abort(reason)).outcome).to.equal(reason);
    expect(held.fake.requests).to.deep.equal([]);
  });

  const voices: Record<string, [facts: string | undefined, words: string]> = {
    'says nothing': [undefined, 'its agent says nothing'],
    'ends at once': ['', 'its agent ended at once'],
    'finds that programs can not write in /workspace': [goodFacts.replace('writable /workspace\n', ''), "its programs can't write in /workspace"],
    'finds that programs can not write in /tmp': [goodFacts.replace('writable /tmp\n', ''), "its programs can't write in /tmp"],
  };
  for (const [name, [facts, words]] of Object.entries(voices)) {
    it(`is reported if its agent ${name}`, async () => {
      held.fake.facts = facts;
      const { outcome, settled } = create();
      await held.fake.reached('start');
      await pass(settled);
      const fault = (await outcome) as ProtocolError;
      expect(fault.kind).to.equal('SandboxFailed');
      expect(fault.message).to.equal(`the container did not become a sandbox: ${words}`);
      await nothingLeft();
    });
  }

  it('leaves nothing when it is cancelled while its agent says nothing', async () => {
    held.fake.facts = undefined;
    const abort = new AbortController();
    const reached = held.fake.reached('start');
    const { outcome, settled } = create(abort.signal);
    await reached;
    abort.abort(new ProtocolError('RequestCancelled', 'enough'));
    await pass(settled);
    expect((await outcome as Error).message).to.equal('enough');
    await nothingLeft();
  });

  it('is removed in the background if the engine hangs: the caller waits only a moment', async () => {
    const gate = deferred();
    held.fake.on('start', 'silence').on('remove', gate.promise);
    const abort = new AbortController();
    const reached = held.fake.reached('start');
    const removing = held.fake.reached('remove');
    const { outcome, settled } = create(abort.signal);
    await reached;
    abort.abort(new ProtocolError('RequestCancelled', 'enough'));
    await removing;
    expect(settled()).to.equal(false);
    await held.clock.advance(1_000);
    expect((await outcome as Error).message).to.equal('enough');
    const closed = held.runtime.close();
    gate.resolve();
    await closed;
    await nothingLeft();
  });

  it('is reported with the reason why it failed; that its container can not be removed goes to the log', async () => {
    held.fake.on('start', { status: 500, message: 'the reason' }).on('remove', { status: 500, message: 'something else' });
    expect((await create().outcome as Error).message).to.equal('Docker refused: the reason');
    expect(held.logged).to.deep.equal([['warn', 'a container could not be removed']]);
  });

  it('leaves the container alone that already has its name', async () => {
    held.fake.on('create', { status: 409, message: 'Conflict. The container name is already in use' });
    expect((await create().outcome as Error).message).to.include('already in use');
    // That container belongs to somebody else.
    expect(held.fake.count('remove')).to.equal(0);
  });
});

describe('a sandbox with a folder of the host', () => {
  let held: Subject;
  let home: string;
  let folder: string;
  beforeEach(async () => {
    held = await subject();
    home = realpathSync(mkdtempSync(join(tmpdir(), 'create-')));
    folder = join(home, 'shared');
    mkdirSync(folder);
  });
  afterEach(async () => {
    rmSync(home, { recursive: true });
    await held.close();
  });

  const create = (access: 'readOnly' | 'readWrite') => {
    const { reports: _reports, ...rest } = context();
    return held.runtime.create({ ...spec, workspace: { path: folder, access } }, rest);
  };
  const changed = (fault: unknown) => expect(fault).to.be.instanceOf(ProtocolError).with.property('message', 'the shared folder was moved or replaced while the sandbox was made; try again');

  for (const access of ['readOnly', 'readWrite'] as const) {
    it(`is made with ${access}`, async () => {
      const sandbox = await create(access);
      const { Mounts } = (held.fake.requests.find(({ call }) => call === 'create')?.body as { HostConfig: { Mounts: { Target: string; ReadOnly: boolean }[] } }).HostConfig;
      expect(Mounts.find(({ Target }) => Target === '/workspace')).to.deep.include({ Type: 'bind', Source: folder, ReadOnly: access === 'readOnly' });
      await sandbox.close();
    });

    it(`is refused with ${access} if the folder was removed meanwhile`, async () => {
      rmSync(folder, { recursive: true });
      changed(await create(access).catch((thrown: unknown) => thrown));
      expect(held.fake.requests).to.deep.equal([]);
    });

    it(`is refused with ${access} if another folder was mounted than the one that was allowed (F-A4)`, async () => {
      const gate = deferred();
      held.fake.on('create', gate.promise);
      const reached = held.fake.reached('create');
      const outcome = create(access).catch((thrown: unknown) => thrown);
      await reached;
      renameSync(folder, join(home, 'moved'));
      mkdirSync(folder);
      gate.resolve();
      changed(await outcome);
      await until('no container', () => held.fake.containers.size === 0);
      expect([held.fake.removed, held.folders()]).to.deep.equal([1, []]);
    });
  }
});

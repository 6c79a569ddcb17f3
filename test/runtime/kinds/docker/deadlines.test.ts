/** An engine that takes a call and says nothing: every call ends, in words, and holds nothing on (C6). */
import { expect } from 'chai';
import type { Engine } from '../../../../server/src/runtime/kinds/docker/engine.ts';
import type { Call } from '../../../fakes/engine.ts';
import { failure, type Subject, subject, until } from './subject.ts';

const never = new AbortController().signal;

interface Ask {
  readonly seconds: number;
  /** What is met with silence, where it is not the call of the same name. */
  readonly silent?: Call;
  ask(engine: Engine, signal: AbortSignal): Promise<unknown>;
}

const asks: Record<string, Ask> = {
  info: { seconds: 4, ask: (engine, signal) => engine.info(signal) },
  images: { seconds: 4, ask: (engine, signal) => engine.images(signal) },
  create: { seconds: 30, ask: (engine) => engine.create({ name: 'x', Image: 'image' }) },
  attach: { seconds: 30, ask: (engine, signal) => engine.attach('x', signal) },
  start: { seconds: 60, ask: (engine, signal) => engine.start('x', signal) },
  exec: { seconds: 10, ask: (engine) => engine.exec('x', { command: ['sh'] }) },
  'the start of exec': { seconds: 10, silent: 'execStart', ask: (engine) => engine.exec('x', { command: ['sh'] }) },
  'the exit code': { seconds: 30, silent: 'execInspect', ask: (engine) => engine.exitCode('x') },
  resize: { seconds: 30, ask: (engine) => engine.resize('x', { cols: 80, rows: 24 }) },
  remove: { seconds: 60, ask: (engine) => engine.remove('x') },
  'the end of a removal': { seconds: 60, silent: 'wait', ask: (engine) => engine.remove('x') },
  find: { seconds: 30, ask: (engine) => engine.find('label') },
  pull: { seconds: 60, ask: (engine, signal) => engine.pull('x', signal, () => undefined) },
};

/** These can be given up before. */
const cancellable = ['info', 'images', 'attach', 'start', 'pull'];

describe('an engine that never answers', () => {
  let held: Subject;
  beforeEach(async () => (held = await subject()));
  afterEach(() => held.close());

  const nothingLeft = async () => {
    expect(held.clock.pending).to.equal(0);
    await until('every connection is closed', () => held.fake.connections === 0);
  };

  /** Asks, and is sure that the engine has taken it. */
  async function begin(name: string, work: (ask: Ask) => Promise<unknown>): Promise<{ outcome: Promise<unknown> }> {
    const ask = asks[name] as Ask;
    const { silent = name as Call } = ask;
    if (silent === 'wait') held.fake.on('remove', { status: 409, message: 'in progress' });
    held.fake.on(silent, 'silence');
    const reached = held.fake.reached(silent);
    const outcome = work(ask).then(() => 'an answer', (fault: unknown) => fault);
    await reached;
    expect(held.clock.pending).to.equal(1);
    return { outcome };
  }

  for (const [name, { seconds }] of Object.entries(asks)) {
    it(`to ${name} is given up after ${seconds} s`, async () => {
      const { outcome } = await begin(name, ({ ask }) => ask(held.engine, never));
      await held.clock.advance(seconds * 1000);
      const { kind, message, data } = await failure(outcome.then((fault) => Promise.reject(fault)));
      expect(kind).to.equal('RuntimeUnavailable');
      expect(message).to.equal(`the Docker engine gives no answer: no answer within ${seconds} s; check that Docker is healthy (docker info)`);
      expect(data).to.include({ runtime: 'docker', hint: 'check that Docker is healthy (docker info)' });
      await nothingLeft();
    });
  }

  for (const name of cancellable) {
    it(`to ${name} is given up when it is cancelled`, async () => {
      const abort = new AbortController();
      const { outcome } = await begin(name, ({ ask }) => ask(held.engine, abort.signal));
      const reason = new Error('enough');
      abort.abort(reason);
      expect(await outcome).to.equal(reason);
      await nothingLeft();
    });

    it(`to ${name} is not even asked when it was cancelled before`, async () => {
      const reason = new Error('enough');
      const fault: unknown = await (asks[name] as Ask).ask(held.engine, AbortSignal.abort(reason)).catch((thrown: unknown) => thrown);
      expect(fault).to.equal(reason);
      expect(held.fake.requests).to.deep.equal([]);
      await nothingLeft();
    });
  }
});

describe('an engine that hangs up', () => {
  let held: Subject;
  beforeEach(async () => (held = await subject()));
  afterEach(() => held.close());

  for (const [name, { silent = name as Call, ask }] of Object.entries(asks)) {
    it(`at ${name} is told at once`, async () => {
      if (silent === 'wait') held.fake.on('remove', { status: 409, message: 'in progress' });
      held.fake.on(silent, 'hangUp');
      const { kind, message } = await failure(ask(held.engine, never));
      expect(kind).to.equal('RuntimeUnavailable');
      expect(message).to.match(/^the Docker engine gives no answer: /);
      expect(held.clock.pending).to.equal(0);
    });
  }

  it('or refuses is quoted, with its status', async () => {
    held.fake.on('start', { status: 500, message: 'OCI runtime create failed: no space\nand more' });
    const { kind, message, data } = await failure(held.engine.start('x', never));
    expect([kind, message, data.status]).to.deep.equal(['SandboxFailed', 'Docker refused: OCI runtime create failed: no space', 500]);
  });

  it('or speaks of a folder is quoted without it', async () => {
    held.fake.on('create', { status: 400, message: 'invalid mount config for type "bind": bind source path does not exist: /home/me/project' });
    const { message } = await failure(held.engine.create({ name: 'x', Image: 'image' }));
    expect(message).to.include('bind source path does not exist: the shared folder').and.not.include('/home');
  });

  for (const name of ['attach', 'exec'] as const) {
    it(`or a proxy that does not give its connection at ${name} is told apart`, async () => {
      held.fake.on(name === 'exec' ? 'execStart' : 'attach', { status: 200, message: 'OK' });
      const { kind, message } = await failure((asks[name] as Ask).ask(held.engine, never));
      expect(kind).to.equal('RuntimeUnavailable');
      expect(message).to.include('if a proxy is on the way, it must allow that');
      await until('every connection is closed', () => held.fake.connections === 0);
    });
  }
});

/** An engine that takes a call and does not answer: every call ends with a clear message, and leaves nothing (F-C6). */
import { expect } from 'chai';
import type { Engine } from '../../../../server/src/runtime/kinds/docker/engine.ts';
import type { Call } from '../../../fakes/engine.ts';
import { MAX_TRIES } from '../../../../server/src/base/retry.ts';
import { failure, settled, type Subject, subject, until } from './subject.ts';

const never = new AbortController().signal;

interface Ask {
  readonly seconds: number;
  /** The request that is not answered, if its name is not that of the call. */
  readonly silent?: Call;
  ask(engine: Engine, signal: AbortSignal): Promise<unknown>;
}

const asks: Record<string, Ask> = {
  info: { seconds: 4, ask: (engine, signal) => engine.info(signal) },
  images: { seconds: 4, ask: (engine, signal) => engine.images(signal) },
  create: { seconds: 30, ask: (engine) => engine.create({ name: 'x', Image: 'image' }) },
  attach: { seconds: 30, ask: (engine, signal) => engine.attach('x', signal) },
  start: { seconds: 60, ask: (engine, signal) => engine.start('x', signal) },
  put: { seconds: 60, ask: (engine, signal) => engine.put('x', '/folder', [{ name: 'file', mode: 0o444, content: Buffer.from('content') }], signal) },
  remove: { seconds: 60, ask: (engine) => engine.remove('x') },
  'the end of a removal': { seconds: 60, silent: 'wait', ask: (engine) => engine.remove('x') },
  find: { seconds: 30, ask: (engine) => engine.find('label') },
  pull: { seconds: 60, ask: (engine, signal) => engine.pull('x', undefined, signal, () => undefined) },
};

/** These can be cancelled. */
const cancellable = ['info', 'images', 'put', 'attach', 'start', 'pull'];

describe('an engine that never answers', () => {
  let held: Subject;
  beforeEach(async () => (held = await subject()));
  afterEach(() => held.close());

  const nothingLeft = async () => {
    expect(held.clock.pending).to.equal(0);
    await until('every connection is closed', () => held.fake.connections === 0);
  };

  /** Makes the call, and resolves when the engine has got the request. */
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
    it(`to ${name} is given up after ${seconds} s (F-C6)`, async () => {
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
    it(`to ${name} is given up when the call is cancelled`, async () => {
      const abort = new AbortController();
      const { outcome } = await begin(name, ({ ask }) => ask(held.engine, abort.signal));
      const reason = new Error('enough');
      abort.abort(reason);
      expect(await outcome).to.equal(reason);
      await nothingLeft();
    });

    it(`to ${name} is not even asked if the call was cancelled before`, async () => {
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
    it(`at ${name} again and again is reported`, async () => {
      const always = <T>(behaviour: T) => Array.from({ length: MAX_TRIES }, () => behaviour);
      if (silent === 'wait') held.fake.on('remove', ...always({ status: 409, message: 'in progress' }));
      held.fake.on(silent, ...always('hangUp' as const));
      const { kind, message } = await failure(settled(held, ask(held.engine, never)));
      expect(kind).to.equal('RuntimeUnavailable');
      expect(message).to.match(/^the Docker engine gives no answer: /);
      expect(held.clock.pending).to.equal(0);
    });
  }

  it('or refuses is reported with its message and status', async () => {
    held.fake.on('start', { status: 500, message: 'OCI runtime create failed: no space\nand more' });
    const { kind, message, data } = await failure(held.engine.start('x', never));
    expect([kind, message, data.status]).to.deep.equal(['SandboxFailed', 'Docker refused: OCI runtime create failed: no space', 500]);
  });

  it('or names a folder is reported with its message without the folder (F-D10)', async () => {
    held.fake.on('create', { status: 400, message: 'invalid mount config for type "bind": bind source path does not exist: /home/me/project' });
    const { message } = await failure(held.engine.create({ name: 'x', Image: 'image' }));
    expect(message).to.include('bind source path does not exist: the shared folder').and.not.include('/home');
  });

  it('is told apart from a proxy that does not upgrade the connection', async () => {
    held.fake.on('attach', { status: 200, message: 'OK' });
    const { kind, message } = await failure((asks.attach as Ask).ask(held.engine, never));
    expect(kind).to.equal('RuntimeUnavailable');
    expect(message).to.include('if a proxy is on the way, it must allow that');
    await until('every connection is closed', () => held.fake.connections === 0);
  });
});

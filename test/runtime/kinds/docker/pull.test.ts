/** The pull of an image: its progress, which never goes down, and its failures, each with a clear message. */
import type { ServerResponse } from 'node:http';
import { expect } from 'chai';
import fc from 'fast-check';
import { PullProgress } from '../../../../server/src/runtime/kinds/docker/pull.ts';
import { withTag } from '../../../../server/src/runtime/kinds/docker/engine.ts';
import { context, failure, spec, type Subject, subject, until } from './subject.ts';

const downloading = (id: string, current: number, total: number) => ({ id, status: 'Downloading', progressDetail: { current, total } });
const missing = { ...spec, image: 'missing' };

describe('an image that the engine does not have', () => {
  let held: Subject;
  beforeEach(async () => (held = await subject()));
  afterEach(() => held.close());

  /** Begins a pull, and lets the test decide what the engine sends and when. */
  async function pulling(signal?: AbortSignal) {
    let response: ServerResponse | undefined;
    held.fake.on('pull', (given) => {
      response = given;
      given.writeHead(200, { 'Content-Type': 'application/json' });
      given.flushHeaders();
    });
    const { reports, ...rest } = context(signal);
    const creating = held.runtime.create(missing, rest);
    creating.catch(() => undefined);
    await until('the pull has begun', () => response !== undefined && held.clock.pending > 0);
    const send = (...events: object[]) => void response?.write(events.map((event) => `${JSON.stringify(event)}\r\n`).join(''));
    const raw = (text: string | Buffer) => void response?.write(text);
    const end = () => {
      held.fake.images.add('missing:latest');
      response?.end();
    };
    const hangUp = () => void response?.socket?.destroy();
    return { creating, reports, send, raw, end, hangUp, percentages: () => reports.flatMap(([, percentage]) => percentage ?? []) };
  }

  const nothingLeft = async () => {
    await until('every connection is closed', () => held.fake.connections === 0);
    expect(held.clock.pending).to.equal(0);
    expect(held.fake.containers.size).to.equal(0);
  };

  it('is pulled with a percentage as progress, and used', async () => {
    const { creating, send, end, reports } = await pulling();
    send({ status: 'Pulling from library/missing', id: 'latest' }, { status: 'Pulling fs layer', progressDetail: {}, id: 'a' });
    send(downloading('a', 10, 100), downloading('a', 50, 100), downloading('b', 0, 300), downloading('b', 150, 300));
    send({ id: 'a', status: 'Download complete', progressDetail: {} }, { id: 'a', status: 'Pull complete', progressDetail: {} });
    send({ id: 'b', status: 'Download complete' }, { status: 'Status: Downloaded newer image for missing:latest' });
    end();
    const sandbox = await creating;
    expect(reports).to.deep.equal([
      ['pulling missing', 0], ['pulling missing', 10], ['pulling missing', 50], ['pulling missing', 62], ['pulling missing', 99], ['starting the sandbox', undefined],
    ]);
    expect(held.fake.requests.find(({ call }) => call === 'pull')?.query.toString()).to.equal('fromImage=missing&tag=latest');
    await sandbox.close();
    await nothingLeft();
  });

  it('tells its programs by its id as soon as it is pulled, as it does later', async () => {
    await held.runtime.refresh(new AbortController().signal);
    const { creating, end } = await pulling();
    end();
    await (await creating).close();
    const first = await held.runtime.programs('python', 'missing');
    expect(first).to.contain('id of missing:latest');
    await held.runtime.refresh(new AbortController().signal);
    const asked = held.fake.count('images');
    expect(await held.runtime.programs('python', 'missing')).to.equal(first);
    expect([await held.runtime.programs('python', 'x@sha256:1'), held.fake.count('images')]).to.deep.equal([first.replace('id of missing:latest', 'x@sha256:1'), asked]);
  });

  it('is pulled wherever the stream of events is cut', async () => {
    const { creating, raw, end, percentages } = await pulling();
    const bytes = Buffer.from(`${JSON.stringify({ ...downloading('a', 30, 100), progress: '▌ é' })}\r\n\n${JSON.stringify(downloading('a', 60, 100))}\n`);
    for (const byte of bytes) {
      raw(Buffer.from([byte]));
      await new Promise((resolve) => setImmediate(resolve));
    }
    raw(JSON.stringify(downloading('a', 90, 100)));
    end();
    await (await creating).close();
    expect(percentages()).to.deep.equal([0, 30, 60, 90]);
  });

  it('is reported with the message of the registry and what to do, if the registry refuses it on the way', async () => {
    const { creating, send } = await pulling();
    send(downloading('a', 1, 2), { errorDetail: { message: 'unauthorized: log in' }, error: 'unauthorized: log in' });
    const { kind, message, data } = await failure(creating);
    expect(kind).to.equal('RuntimeUnavailable');
    expect(message).to.equal(`the image missing is not there and can't be pulled: unauthorized: log in; ${String(data.hint)}`);
    expect(data).to.include({ runtime: 'docker', hint: 'check its name and the network, or run "docker pull missing" yourself' });
    await nothingLeft();
  });

  it('is reported with the message of the engine if no registry has it', async () => {
    held.fake.on('pull', { status: 404, message: 'pull access denied for missing, repository does not exist' });
    const { kind, message } = await failure(held.runtime.create(missing, context()));
    expect(kind).to.equal('RuntimeUnavailable');
    expect(message).to.include('pull access denied for missing, repository does not exist').and.include('docker pull missing');
    await nothingLeft();
  });

  it('is reported if it is still missing after the pull', async () => {
    held.fake.on('pull', { json: { status: 'done' } });
    expect((await failure(held.runtime.create(missing, context()))).message).to.equal('Docker refused: No such image: missing:latest');
    expect(held.fake.count('pull')).to.equal(1);
  });

  const nonsense: Record<string, string> = {
    'something else than JSON': 'Bad gateway\n',
    'JSON that is not an object': '7\n',
    null: 'null\n',
    'too long a line': 'x'.repeat(1024 * 1024 + 1),
  };
  for (const [name, text] of Object.entries(nonsense)) {
    it(`is given up when the engine sends ${name}`, async () => {
      const { creating, raw } = await pulling();
      raw(text);
      const { kind, message } = await failure(creating);
      expect(kind).to.equal('RuntimeUnavailable');
      expect(message).to.match(/the engine sent a line that is (?:not an event of a pull|too long)/);
      await nothingLeft();
    });
  }

  it('is given up when the engine ends', async () => {
    const { creating, send, hangUp, percentages } = await pulling();
    send(downloading('a', 1, 2));
    await until('the event is heard', () => percentages().length === 2);
    hangUp();
    expect((await failure(creating)).kind).to.equal('RuntimeUnavailable');
    await nothingLeft();
  });

  it('is given up when there is no event for a minute, and not before', async () => {
    const { creating, send, percentages } = await pulling();
    let settled = false;
    void creating.catch(() => (settled = true));
    for (let step = 1; step <= 4; step++) {
      await held.clock.advance(59_000);
      send(downloading('a', step, 10));
      await until('the event is heard', () => percentages().length === step + 1);
    }
    expect(settled).to.equal(false);
    await held.clock.advance(60_000);
    expect((await failure(creating)).message).to.include('the registry sent nothing for 60 s');
    await nothingLeft();
  });

  it('is no longer pulled when it is cancelled', async () => {
    const abort = new AbortController();
    const { creating, send, percentages } = await pulling(abort.signal);
    send(downloading('a', 1, 2));
    await until('the event is heard', () => percentages().length === 2);
    const reason = new Error('enough');
    abort.abort(reason);
    expect(await creating.catch((fault: unknown) => fault)).to.equal(reason);
    await nothingLeft();
  });
});

describe('the progress of a pull', () => {
  it('never goes down and never reaches 100 %', () => {
    const id = fc.constantFrom('a', 'b', 'c', undefined);
    const event = fc.oneof(
      fc.record({ id, current: fc.nat(1000), total: fc.nat(1000) }).map(({ id: layer, current, total }) => ({ ...downloading('', Math.min(current, total), total), id: layer })),
      fc.record({ id, status: fc.constantFrom('Download complete', 'Pull complete', 'Already exists', 'Waiting', 'Extracting') }),
      fc.constant({ id: 'a', status: 'Downloading' }),
    );
    fc.assert(
      fc.property(fc.array(event, { maxLength: 30 }), (events) => {
        const progress = new PullProgress();
        let last = 0;
        for (const each of events) {
          const percentage = progress.add(each);
          if (percentage === undefined) continue;
          expect(percentage).to.be.within(last + 1, 99);
          last = percentage;
        }
      }),
      { seed: 103, numRuns: 500 },
    );
  });
});

describe('the name of an image', () => {
  const names: Record<string, string> = {
    image: 'image:latest',
    'image:tag': 'image:tag',
    'user/image': 'user/image:latest',
    'host:5000/image': 'host:5000/image:latest',
    'host:5000/image:1': 'host:5000/image:1',
    'image@sha256:abc': 'image@sha256:abc',
    'host:5000/image@sha256:abc': 'host:5000/image@sha256:abc',
  };
  for (const [name, full] of Object.entries(names)) it(`${name} means ${full}`, () => expect(withTag(name)).to.equal(full));
});

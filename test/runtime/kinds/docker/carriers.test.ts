/** What carries the frames of a container's agent: the connection to its streams, or a socket, whichever the agent chooses. */
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { expect } from 'chai';
import fc from 'fast-check';
import { deferred } from '../../../../server/src/base/promises.ts';
import { type Carrier, socketCarrier } from '../../../../server/src/runtime/agent/index.ts';
import { attachedCarrier, chosenCarrier } from '../../../../server/src/runtime/kinds/docker/carriers.ts';
import { FakeClock } from '../../../fakes/clock.ts';
import { dockerFrame } from '../../../fakes/container.ts';
import { until } from './subject.ts';

const turns = async (count = 50) => {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
};

/** Two ends of a connection: `far` is the engine's or the agent's. */
class Pair {
  readonly #server: Server = createServer({ allowHalfOpen: true });
  near!: Socket;
  far!: Socket;

  static async make(): Promise<Pair> {
    const pair = new Pair();
    await new Promise<void>((resolve) => void pair.#server.listen(0, '127.0.0.1', resolve));
    const accepted = new Promise<Socket>((resolve) => void pair.#server.once('connection', resolve));
    pair.near = connect((pair.#server.address() as AddressInfo).port, '127.0.0.1');
    pair.far = (await accepted).on('error', () => undefined);
    return pair;
  }

  async close(): Promise<void> {
    this.near.destroy();
    this.far.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** Remembers what comes over a carrier, and whether it has been closed. */
function watched(carrier: Carrier): { readonly carrier: Carrier; readonly text: () => string; readonly closed: () => boolean } {
  const pieces: Buffer[] = [];
  let closed = false;
  carrier.listen((bytes) => void pieces.push(Buffer.from(bytes)));
  void carrier.closed.then(() => (closed = true));
  return { carrier, text: () => Buffer.concat(pieces).toString(), closed: () => closed };
}

for (const [name, make, framed] of [
  ['the connection to the streams of a container', attachedCarrier, (content: Buffer | string) => dockerFrame('stdout', content)],
  ['a socket', socketCarrier, (content: Buffer | string) => Buffer.from(content as string)],
] as const) {
  describe(`${name} as a carrier`, () => {
    let pair: Pair;
    beforeEach(async () => (pair = await Pair.make()));
    afterEach(() => pair.close());

    it('passes on everything that comes before its end (F-D4)', async () => {
      const { text, closed } = watched(make(pair.near));
      const large = Buffer.alloc(1_000_000, 'x');
      pair.far.end(Buffer.concat([framed(large), framed('last words')]));
      await until('it is closed', closed);
      expect(text()).to.equal(`${large.toString()}last words`);
    });

    it('writes at the pace of the other end, and loses nothing', async () => {
      pair.far.pause();
      const { carrier } = watched(make(pair.near));
      let accepted = 0;
      const writing = (async () => {
        for (let count = 0; count < 64; count++) {
          await carrier.write(Buffer.alloc(524_288, count));
          accepted++;
        }
      })();
      await turns(200);
      expect(accepted).to.be.lessThan(64);
      const got: Buffer[] = [];
      pair.far.on('data', (chunk: Buffer) => void got.push(chunk)).resume();
      await writing;
      await until('everything has come', () => got.reduce((sum, { length }) => sum + length, 0) === 64 * 524_288);
      const all = Buffer.concat(got);
      expect(Array.from({ length: 64 }, (_, count) => all[count * 524_288])).to.deep.equal(Array.from({ length: 64 }, (_, count) => count));
    });

    const ends: Record<string, (carrier: Carrier) => void> = {
      'the other end closes it': () => void pair.far.end(),
      'the connection breaks': () => void pair.far.resetAndDestroy(),
      'it is destroyed': (carrier) => carrier.destroy(),
    };
    for (const [how, end] of Object.entries(ends)) {
      it(`is closed when ${how}, and then drops what is written`, async () => {
        const { carrier, closed } = watched(make(pair.near));
        end(carrier);
        await until('it is closed', closed);
        await carrier.write(Buffer.from('nobody reads this'));
        carrier.destroy();
      });
    }

    it('closes the connection when it is destroyed: that ends the agent', async () => {
      const { carrier } = watched(make(pair.near));
      let ended = false;
      pair.far.on('end', () => (ended = true)).resume();
      carrier.destroy();
      await until('the other end hears of it', () => ended);
    });

    it('resolves a pending write when it breaks', async () => {
      pair.far.pause();
      const { carrier } = watched(make(pair.near));
      const written = carrier.write(Buffer.alloc(32 * 1024 * 1024));
      pair.far.resetAndDestroy();
      await written;
    });

    it('is closed if the connection was closed before', async () => {
      pair.near.destroy();
      await new Promise((resolve) => pair.near.once('close', resolve));
      await until('it is closed', watched(make(pair.near)).closed);
    });
  });
}

describe('the connection to the streams of a container as a carrier', () => {
  it('carries stdout wherever its bytes are cut, and drops stderr', async () => {
    const pieces = fc.array(fc.record({ stream: fc.constantFrom('stdout' as const, 'stderr' as const), content: fc.uint8Array({ maxLength: 40 }) }), { maxLength: 12 });
    await fc.assert(fc.asyncProperty(pieces, fc.array(fc.nat(30), { maxLength: 40 }), async (frames, cuts) => {
      const pair = await Pair.make();
      try {
        const { text, closed } = watched(attachedCarrier(pair.near));
        let rest = Buffer.concat(frames.map(({ stream, content }) => dockerFrame(stream, Buffer.from(content))));
        for (const cut of cuts) {
          // What is emitted here comes in exactly these pieces.
          pair.near.emit('data', rest.subarray(0, cut));
          rest = rest.subarray(cut);
        }
        pair.near.emit('data', rest);
        pair.far.end();
        await until('it is closed', closed);
        const said = frames.filter(({ stream }) => stream === 'stdout').map(({ content }) => Buffer.from(content));
        expect(text()).to.equal(Buffer.concat(said).toString());
      } finally {
        await pair.close();
      }
    }), { seed: 11, numRuns: 40 });
  });

  it('is closed when the engine sends something else than its frames', async () => {
    const pair = await Pair.make();
    const { closed } = watched(attachedCarrier(pair.near));
    pair.far.write('this is no frame');
    await until('it is closed', closed);
    await pair.close();
  });
});

class FakeCarrier implements Carrier {
  readonly #done = deferred();
  readonly closed = this.#done.promise;
  readonly written: string[] = [];
  destroyed = false;
  /** Set as soon as somebody listens. */
  say: ((text: string) => void) | undefined;

  write(bytes: Buffer): Promise<void> {
    this.written.push(bytes.toString());
    return Promise.resolve();
  }

  listen(take: (bytes: Buffer) => void): void {
    if (this.say) throw new Error('somebody listens already');
    this.say = (text) => take(Buffer.from(text));
  }

  /** The other side closes it. */
  end(): void {
    this.#done.resolve();
  }

  destroy(): void {
    this.destroyed = true;
    this.#done.resolve();
  }
}

describe('the carrier that the agent of a container chooses', () => {
  let lease: FakeCarrier;
  let socket: FakeCarrier;
  let clock: FakeClock;
  let connects: () => Promise<void>;
  let subject: ReturnType<typeof watched>;
  const write = (text: string) => subject.carrier.write(Buffer.from(text));
  beforeEach(() => {
    [lease, socket, clock] = [new FakeCarrier(), new FakeCarrier(), new FakeClock()];
    const late = deferred<Carrier>();
    connects = async () => {
      late.resolve(socket);
      await turns(2);
    };
    subject = watched(chosenCarrier(lease, late.promise, clock));
  });
  afterEach(() => expect(clock.pending).to.equal(0));

  it('is the one on which the agent speaks first: the streams of the container', async () => {
    lease.say?.('hello');
    await write('to the agent');
    expect([subject.text(), lease.written]).to.deep.equal(['hello', ['to the agent']]);
  });

  it('is the socket if the agent speaks there first', async () => {
    await connects();
    socket.say?.('hello');
    await write('to the agent');
    expect([subject.text(), socket.written, lease.written]).to.deep.equal(['hello', ['to the agent'], []]);
  });

  it('is not the socket only because somebody has connected to it', async () => {
    await connects();
    lease.say?.('hello');
    await write('to the agent');
    expect([subject.text(), lease.written, socket.written]).to.deep.equal(['hello', ['to the agent'], []]);
  });

  it('stays what it is: what comes over the other one afterwards is not heard', async () => {
    await connects();
    socket.say?.('one');
    lease.say?.('not this');
    socket.say?.(' two');
    expect(subject.text()).to.equal('one two');
  });

  it('closes with the container before anything was chosen', async () => {
    lease.end();
    await turns(2);
    expect(subject.closed()).to.equal(true);
  });

  it('closes a socket that is connected to when it has been destroyed', async () => {
    subject.carrier.destroy();
    await connects();
    expect([subject.closed(), lease.destroyed, socket.destroyed]).to.deep.equal([true, true, true]);
  });

  const choices: Record<string, () => void> = {
    'nothing was chosen': () => undefined,
    'the streams were chosen': () => lease.say?.('hello'),
    'the socket was chosen': () => socket.say?.('hello'),
  };
  for (const [name, choose] of Object.entries(choices)) {
    it(`closes both when it is destroyed after ${name}`, async () => {
      await connects();
      choose();
      subject.carrier.destroy();
      await turns(2);
      expect([subject.closed(), lease.destroyed, socket.destroyed]).to.deep.equal([true, true, true]);
    });
  }

  it('ends the container whose socket has closed', async () => {
    await connects();
    socket.say?.('hello');
    socket.end();
    await turns(2);
    expect([subject.closed(), lease.destroyed]).to.deep.equal([true, true]);
  });

  it('is not closed by a socket that the agent did not choose', async () => {
    await connects();
    lease.say?.('hello');
    socket.end();
    await turns(2);
    expect([subject.closed(), lease.destroyed]).to.deep.equal([false, false]);
  });

  it('is read to its end when the lease has ended', async () => {
    await connects();
    socket.say?.('one');
    lease.end();
    await turns(2);
    expect([subject.closed(), socket.destroyed]).to.deep.equal([false, false]);
    socket.say?.(' two');
    socket.end();
    await turns(2);
    expect([subject.text(), subject.closed()]).to.deep.equal(['one two', true]);
  });

  it('is not read for long then: a container that goes on without its engine is ended', async () => {
    await connects();
    socket.say?.('hello');
    lease.end();
    await clock.advance(2_000);
    await turns(2);
    expect([subject.closed(), socket.destroyed]).to.deep.equal([true, true]);
  });
});

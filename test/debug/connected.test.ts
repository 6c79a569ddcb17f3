/** An adapter that speaks on a connection: who connects, what is printed, and how it ends. */
import { expect } from 'chai';
import type { Duplex } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { startConnected } from '../../server/src/debug/connected.ts';
import type { Program, Sink } from '../../server/src/runtime/ports.ts';
import { FakeAdapter } from '../fakes/adapter.ts';
import { FakeClock } from '../fakes/clock.ts';
import { duplexPair } from '../fakes/duplex.ts';

const program = (port: number): Program => ({ command: ['debugger', String(port)], cwd: '/workspace', env: {}, stdin: 'none', pty: undefined });

/** A sandbox whose program does nothing by itself. `fault`: it can't be started. */
class Place {
  readonly clock = new FakeClock();
  readonly messages: string[] = [];
  readonly printed: string[] = [];
  readonly stop = new AbortController();
  child!: FakeAdapter;
  open = false;
  #accept!: (connection: Duplex) => void;

  start(take: (text: string) => void | Promise<void> = () => undefined, fault?: Error) {
    const keep = (list: string[]): Sink => (stream, chunk) => {
      list.push(`${stream} ${chunk.toString()}`);
      return list === this.messages ? take(chunk.toString()) : undefined;
    };
    return startConnected({
      sandbox: {
        listen: async (port, accept) => {
          expect(port).to.equal(0);
          this.open = true;
          this.#accept = accept;
          return { port: 4000, close: () => (this.open = false) };
        },
        start: async (started, sink) => {
          if (fault) throw fault;
          return (this.child = new FakeAdapter(started, sink, () => undefined));
        },
      },
      clock: this.clock, program, messages: keep(this.messages), printed: keep(this.printed), stop: this.stop.signal,
    });
  }

  /** A program connects to the port; its end of the connection. */
  connect(): Duplex {
    const [inner, outer] = duplexPair();
    this.#accept(outer);
    return inner;
  }
}

const written = async (connection: Duplex): Promise<string> => {
  await turn();
  await turn();
  return String(connection.read() ?? '');
};

describe('an adapter that connects', () => {
  it('is started for a port of the sandbox, and takes what was written before it connected', async () => {
    const place = new Place();
    const { adapter, program: own } = await place.start();
    expect(own).to.equal(place.child);
    expect(place.child.program.command).to.deep.equal(['debugger', '4000']);
    const waits = adapter.write(Buffer.from('first '));
    const connection = place.connect();
    await waits;
    await adapter.write(Buffer.from('second'));
    expect(await written(connection)).to.equal('first second');
  });

  it('says on the connection what it says, and prints what the program prints', async () => {
    const place = new Place();
    await place.start();
    const connection = place.connect();
    connection.write('message');
    void place.child.raw('printed');
    await written(connection);
    expect([place.messages, place.printed]).to.deep.equal([['stdout message'], ['stdout printed']]);
  });

  it('is the first that connects: nothing else is listened to', async () => {
    const place = new Place();
    await place.start();
    place.connect();
    expect(place.open).to.equal(false);
    const second = place.connect();
    second.on('error', () => undefined);
    second.write('forged');
    await written(second);
    expect(second.destroyed).to.equal(true);
    expect(place.messages).to.deep.equal([]);
  });

  it('has to wait while nobody takes what it says', async () => {
    const place = new Place();
    let take!: () => void;
    await place.start(() => new Promise<void>((resolve) => (take = resolve)));
    const connection = place.connect();
    connection.write('one');
    await written(connection);
    connection.write('two');
    await written(connection);
    expect(place.messages).to.deep.equal(['stdout one']);
    take();
    await written(connection);
    expect(place.messages).to.deep.equal(['stdout one', 'stdout two']);
  });

  it('has ended when its last message was taken', async () => {
    const place = new Place();
    const { adapter } = await place.start();
    const connection = place.connect();
    connection.end('last');
    place.child.exit({ kind: 'exited', code: 7 });
    expect(await adapter.exited).to.deep.equal({ kind: 'exited', code: 7 });
    expect(place.messages).to.deep.equal(['stdout last']);
    expect(place.clock.pending).to.equal(0);
  });

  it('has ended a second later where something else holds its end of the connection', async () => {
    const place = new Place();
    const { adapter } = await place.start();
    const connection = place.connect();
    connection.on('error', () => undefined);
    place.child.exit();
    let ended = false;
    void adapter.exited.then(() => (ended = true));
    await place.clock.advance(900);
    expect(ended).to.equal(false);
    await place.clock.advance(200);
    expect(ended).to.equal(true);
  });

  it('ends when it is killed, whoever still has to take what it has said', async () => {
    const place = new Place();
    const { adapter } = await place.start(() => new Promise<void>(() => undefined));
    place.connect().write('never taken');
    await turn();
    await adapter.kill();
    expect((await adapter.exited).kind).to.equal('signaled');
  });

  it('may never connect', async () => {
    const place = new Place();
    const { adapter } = await place.start();
    const waits = adapter.write(Buffer.from('for nobody'));
    adapter.end();
    place.child.exit({ kind: 'exited', code: 1 });
    expect(await adapter.exited).to.deep.equal({ kind: 'exited', code: 1 });
    await waits;
    expect(place.open).to.equal(false);
  });

  it('leaves no port where it cannot be started', async () => {
    const place = new Place();
    const fault = new Error('there is no such program');
    expect(await place.start(undefined, fault).catch((each: unknown) => each)).to.equal(fault);
    expect(place.open).to.equal(false);
  });

  it('sees the end of what it is sent', async () => {
    const place = new Place();
    const { adapter } = await place.start();
    const connection = place.connect();
    adapter.end();
    let ended = false;
    connection.on('end', () => (ended = true)).resume();
    await written(connection);
    expect(ended).to.equal(true);
  });
});

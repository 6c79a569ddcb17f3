/** A connection to a container as a channel: it buffers nothing, and its end is always noticed. */
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { expect } from 'chai';
import { deferred } from '../../../../server/src/base/promises.ts';
import { SocketChannel, SocketTerminal } from '../../../../server/src/runtime/kinds/docker/channel.ts';
import { frame } from '../../../fakes/container.ts';
import { until } from './subject.ts';

describe('a channel to a container', () => {
  let server: Server;
  /** The engine's end and ours. */
  let far: Socket;
  let near: Socket;
  beforeEach(async () => {
    server = createServer({ allowHalfOpen: true });
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    const accepted = new Promise<Socket>((resolve) => void server.once('connection', resolve));
    near = connect((server.address() as AddressInfo).port, '127.0.0.1');
    far = await accepted;
    far.on('error', () => undefined);
  });
  afterEach(async () => {
    near.destroy();
    far.destroy();
    await new Promise((resolve) => server.close(resolve));
  });

  const closedSoon = async (channel: SocketChannel) => {
    let closed = false;
    void channel.closed.then(() => (closed = true));
    await until('it is closed', () => closed);
  };

  it('keeps the two streams apart', async () => {
    const got: string[] = [];
    const channel = new SocketChannel(near);
    channel.listen((stream, chunk) => void got.push(`${stream} ${chunk.toString()}`));
    far.write(Buffer.concat([frame('stdout', 'one'), frame('stderr', 'two'), frame('stdout', '')]));
    await until('both have come', () => got.length === 2);
    expect(got).to.deep.equal(['stdout one', 'stderr two']);
  });

  it('reads no more while the sink waits', async () => {
    let bytes = 0;
    const gate = deferred();
    new SocketChannel(near).listen((_stream, chunk) => {
      bytes += chunk.length;
      return gate.promise;
    });
    const text = 'x'.repeat(65_536);
    let sent = 0;
    let stopped = false;
    const send = () => {
      while (sent < 1000 && far.write(frame('stdout', text))) sent++;
      stopped = sent < 1000;
    };
    far.on('drain', send);
    send();
    await until('the other end is stopped', () => stopped && bytes > 0);
    for (let turns = 0; turns < 100; turns++) await new Promise((resolve) => setImmediate(resolve));
    expect(bytes).to.be.at.most(65_536);
    gate.resolve();
    await until('everything has come', () => bytes >= sent * 65_536);
  });

  it('writes at the pace of the other end', async () => {
    far.pause();
    const channel = new SocketChannel(near);
    let accepted = 0;
    const writing = (async () => {
      for (let count = 0; count < 64; count++) {
        await channel.write(Buffer.alloc(524_288));
        accepted++;
      }
    })();
    for (let turns = 0; turns < 200; turns++) await new Promise((resolve) => setImmediate(resolve));
    expect(accepted).to.be.lessThan(64);
    far.resume();
    await writing;
  });

  it('still reads output after its input was ended', async () => {
    const got: string[] = [];
    const channel = new SocketChannel(near);
    channel.listen((_stream, chunk) => void got.push(chunk.toString()));
    far.on('end', () => far.end(frame('stdout', 'still there'))).resume();
    channel.end();
    await closedSoon(channel);
    expect(got).to.deep.equal(['still there']);
  });

  it('is closed after its last output was taken', async () => {
    const gate = deferred();
    const channel = new SocketChannel(near);
    let closed = false;
    void channel.closed.then(() => (closed = true));
    channel.listen(() => gate.promise);
    far.end(frame('stdout', 'last words'));
    for (let turns = 0; turns < 50; turns++) await new Promise((resolve) => setImmediate(resolve));
    expect(closed).to.equal(false);
    gate.resolve();
    await closedSoon(channel);
  });

  const ends: Record<string, (channel: SocketChannel) => void> = {
    'the other end closes it': () => void far.end(),
    'the connection breaks': () => void far.resetAndDestroy(),
    'the other end sends something else than frames': () => void far.write('this is no frame'),
    'it is destroyed': (channel) => channel.destroy(),
  };
  for (const [name, end] of Object.entries(ends)) {
    it(`is closed when ${name}, and then ignores what is written`, async () => {
      const channel = new SocketChannel(near);
      channel.listen(() => undefined);
      end(channel);
      await closedSoon(channel);
      await channel.write('nobody reads this');
      channel.end();
      channel.destroy();
    });
  }

  it('is closed when the sink fails', async () => {
    const channel = new SocketChannel(near);
    channel.listen(() => Promise.reject(new Error('full')));
    far.write(frame('stdout', 'x'));
    await closedSoon(channel);
  });

  it('is closed when it is destroyed, even if the sink never takes its output', async () => {
    const channel = new SocketChannel(near);
    let waits = false;
    channel.listen(() => {
      waits = true;
      return new Promise(() => undefined);
    });
    far.write(frame('stdout', 'x'));
    await until('the sink waits', () => waits);
    channel.destroy();
    await closedSoon(channel);
  });

  it('resolves a pending write when it breaks', async () => {
    far.pause();
    const channel = new SocketChannel(near);
    const written = channel.write(Buffer.alloc(8 * 1024 * 1024));
    far.resetAndDestroy();
    await written;
  });

  it('is closed if the connection was closed before', async () => {
    near.destroy();
    await new Promise((resolve) => near.once('close', resolve));
    await closedSoon(new SocketChannel(near));
  });

  it('to a terminal passes bytes on as they are', async () => {
    const got: Buffer[] = [];
    const terminal = new SocketTerminal(near, { resize: () => Promise.resolve(), exitCode: () => Promise.resolve(3) });
    terminal.listen((stream, chunk) => {
      expect(stream).to.equal('pty');
      got.push(chunk);
    });
    far.end(Buffer.from('\x01\0\0\0\0\0\0\x01\x1b[31m'));
    await closedSoon(terminal);
    expect(Buffer.concat(got).toString()).to.equal('\x01\0\0\0\0\0\0\x01\x1b[31m');
    expect(await terminal.exitCode()).to.equal(3);
  });
});
